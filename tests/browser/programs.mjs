// Starts what the page needs: redis-server, the sample API and CacheProxy; and clients that ask for customers.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const token = 'the-token-of-the-browser-test';
const children = [];

export function endAll(signal = 'SIGTERM') {
  children.forEach(child => child.kill(signal));
}

export async function until(what, condition) {
  for (;;) {
    const value = await condition();
    if (value) {
      return value;
    }
    await new Promise(resolve => setTimeout(resolve, 50));
    if (untilEnds && Date.now() > untilEnds) {
      throw new Error(`${what} did not come true.`);
    }
  }
}

let untilEnds;
export function giveUpAfter(milliseconds) {
  untilEnds = Date.now() + milliseconds;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function start(command, args, env = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const gone = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  const early = gone.then(code => Promise.reject(new Error(`${command} ${args[0]} ended with ${code}.`)));
  early.catch(() => {});
  children.push(child);
  return { child, gone, early };
}

export async function startRedis(folder) {
  const port = await freePort();
  const redis = start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]);
  redis.child.stdout.resume();
  return { ...redis, address: `127.0.0.1:${port}` };
}

export async function startApi(program, folder) {
  const address = `http://127.0.0.1:${await freePort()}/`;
  const api = start('dotnet', [program], {
    ASPNETCORE_URLS: address, Database__Path: join(folder, 'customers.db'), Database__LatencyMilliseconds: '5-10',
  });
  api.child.stdout.resume();
  await Promise.race([api.early, until('The API', () => fetch(address).then(() => true, () => false))]);
  return address;
}

export async function startProxy(program, api, redis) {
  const proxy = start('dotnet', [
    program,
    '--Kestrel:Endpoints:Proxy:Url=http://127.0.0.1:0',
    '--Kestrel:Endpoints:Management:Url=http://127.0.0.1:0',
    `--ReverseProxy:Clusters:customer-api:Destinations:primary:Address=${api}`,
    `--CacheProxy:Redis:ConnectionString=${redis}`,
    // A busy machine is no reason to forward.
    '--CacheProxy:Redis:Timeout=5s',
    '--CacheProxy:Policies:pet:Mode=Shadow',
    '--CacheProxy:Policies:service-catalog:Mode=On',
  ], { CacheProxy__Management__Tokens__0: token });
  const started = new Promise(resolve => {
    createInterface({ input: proxy.child.stdout }).on('line', line => {
      const found = /listens on [\\"]*(http:\/\/[^ ,"\\]+)[\\"]*, management on [\\"]*(http:\/\/[^ ,"\\]+)/.exec(line);
      if (found) {
        resolve({ ...proxy, address: found[1], management: found[2] });
      }
    });
  });
  return await Promise.race([started, proxy.early]);
}

export async function ask(proxy, path, options = {}) {
  const answer = await fetch(proxy.address + path, {
    ...options, headers: { 'X-Tenant-Subdomain': 'demo', ...(options.body ? { 'Content-Type': 'application/json' } : {}), ...options.headers },
  });
  await answer.text();
  return answer.headers.get('cache-status') ?? '';
}

// What a day brings: mostly reads of what is popular, now and then a write, a request that may not be cached, and a pet.
export function beginLoad(proxy) {
  let going = true;
  const ended = (async () => {
    for (let i = 0; going; i++) {
      const id = 1 + Math.floor(Math.random() ** 3 * 40);
      const asks = [ask(proxy, `/api/customers/${id}`)];
      if (i % 3 === 0) {
        asks.push(ask(proxy, `/api/customers/${1 + i % 40}`), ask(proxy, `/api/pets/${1 + i % 5}`));
      }
      if (i % 7 === 0) {
        asks.push(ask(proxy, `/api/customers/${id}`, { headers: { 'Cache-Control': 'no-store' } }));
      }
      if (i % 11 === 0) {
        asks.push(ask(proxy, `/api/customers/${id}`, { method: 'PUT', body: `{"firstName":"Name ${i}"}` }));
      }
      await Promise.all(asks);
      await new Promise(resolve => setTimeout(resolve, 30 + 25 * Math.sin(i / 90)));
    }
  })();
  return async () => {
    going = false;
    await ended;
  };
}
