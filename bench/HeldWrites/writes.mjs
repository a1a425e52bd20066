// What a write costs while other replicas hold copies of what it changes; while one of them is killed; while no message gets through.
// node bench/HeldWrites/writes.mjs PROGRAM [ROUNDS] [MOST]: PROGRAM is CacheProxy.dll, MOST how many replicas hold at most.
import { execFileSync, spawn } from 'node:child_process';
import http from 'node:http';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';

const [program, rounds = '200', most = '10'] = process.argv.slice(2);
const kinds = [0, 1, 3, 10].filter(kind => kind <= +most);
const folder = mkdtempSync(join(tmpdir(), 'held-writes-'));
const children = [];
const versions = new Map();
let customer = 0;

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function start(command, args) {
  const child = spawn(command, args, { stdio: 'ignore' });
  children.push(child);
  return child;
}

/** An API that answers at once, so that it hides nothing of what a write waits for. */
async function startApi() {
  const server = http.createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    const write = request.method === 'PUT';
    const version = (versions.get(request.url) ?? 0) + (write ? 1 : 0);
    versions.set(request.url, version);
    request.resume().on('end', () => {
      const body = JSON.stringify({ version });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

class Replica {
  async start(api, redis) {
    [this.port, this.management] = [await freePort(), await freePort()];
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    this.child = start('dotnet', [
      program,
      `--Kestrel:Endpoints:Proxy:Url=http://127.0.0.1:${this.port}`, `--Kestrel:Endpoints:Management:Url=http://127.0.0.1:${this.management}`,
      `--ReverseProxy:Clusters:customer-api:Destinations:primary:Address=http://127.0.0.1:${api}/`,
      `--CacheProxy:Redis:ConnectionString=127.0.0.1:${redis}`, '--CacheProxy:Redis:Timeout=2s',
      '--CacheProxy:Policies:customer:MemoryTtl=2s', '--CacheProxy:Policies:customer:Credentials=Shared',
    ]);
    for (let i = 0; ; i++) {
      try {
        await ask(this.management, 'GET', '/readyz');
        return this;
      } catch (error) {
        if (i === 600) throw error;
        await sleep(100);
      }
    }
  }

  read(id) { return ask(this.port, 'GET', id, this.agent); }

  /** Reads until the replica serves a copy. */
  async hold(id) {
    for (let i = 0; i < 50; i++) {
      if (/detail=copy/.test((await this.read(id)).cache)) return true;
    }
    return false;
  }

  async counted(metric) {
    const { body } = await ask(this.management, 'GET', '/metrics');
    return body.split('\n').filter(line => line.startsWith(metric)).reduce((sum, line) => sum + +line.split(' ').at(-1), 0);
  }
}

function ask(port, method, path, agent) {
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    const request = http.request({ port, host: '127.0.0.1', method, path, agent, headers: { 'x-tenant-subdomain': 'demo' } }, response => {
      const chunks = [];
      response.on('data', chunk => chunks.push(chunk)).on('end', () => resolve({
        ms: Number(process.hrtime.bigint() - began) / 1e6,
        status: response.statusCode,
        cache: response.headers['cache-status'] ?? '',
        body: Buffer.concat(chunks).toString(),
      }));
    });
    request.on('error', reject).end();
  });
}

const newId = () => `/api/customers/${++customer}`;

/** A write while so many hold, and what all of them say afterwards. */
async function write(writer, holders, id = newId()) {
  await writer.read(id);
  await writer.read(id);
  for (const holder of holders) {
    if (!await holder.hold(id)) throw new Error(`A replica does not hold ${id}`);
  }
  const { ms, status } = await ask(writer.port, 'PUT', id, writer.agent);
  if (status !== 200) throw new Error(`A write was answered ${status}`);
  for (const holder of holders) {
    if (holder.child.exitCode === null && !holder.isKilled) {
      const { body } = await holder.read(id);
      if (JSON.parse(body).version !== versions.get(id)) throw new Error(`A replica serves what a write has replaced: ${id}`);
    }
  }
  return ms;
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const text = ms => `${ms.toFixed(2)} ms`;

async function measure() {
  const api = await startApi();
  const redis = await freePort();
  start('redis-server', ['--port', redis, '--bind', '127.0.0.1', '--save', '', '--dir', folder]);
  const redisCli = (...args) => execFileSync('redis-cli', ['-p', redis, ...args]).toString();
  const replicas = [];
  for (let i = 0; i <= Math.max(...kinds); i++) {
    replicas.push(await new Replica().start(api.address().port, redis));
  }
  const [writer, ...others] = replicas;

  // Until this Redis has been in use for longer than a lease.
  await write(writer, []);
  for (let i = 0; i < 8; i++) {
    for (const one of others) await one.hold(newId());
    await sleep(500);
  }
  for (let i = 0; i < 30; i++) {
    for (const kind of kinds) await write(writer, others.slice(0, kind));
  }

  // Nothing is sent to replicas that hold nothing.
  const few = kinds.filter(kind => kind < others.length);
  const idle = others.slice(Math.max(...few));
  const holding = others.slice(0, Math.max(...few));
  const told = async some => (await Promise.all(some.map(one => one.counted('cacheproxy_invalidations_total')))).reduce((a, b) => a + b, 0);
  const before = [await told(idle), await told(holding)];
  redisCli('config', 'resetstat');
  for (let i = 0; i < 20; i++) for (const kind of few) await write(writer, others.slice(0, kind));
  console.log(`messages during ${20 * few.length} writes: ${await told(holding) - before[1]} to the ${holding.length} replicas that hold, `
    + `${await told(idle) - before[0]} to the ${idle.length} that hold nothing`);
  console.log(redisCli('info', 'commandstats').split('\n').filter(line => /publish|evalsha|fcall/.test(line)).map(line => line.trim()).join('\n'));

  const taken = new Map(kinds.map(kind => [kind, []]));
  for (let i = 0; i < +rounds; i++) {
    for (const kind of kinds) taken.get(kind).push(await write(writer, others.slice(0, kind)));
  }
  const none = percentile(taken.get(0).sort((a, b) => a - b), 0.5);
  console.log('| holding | p50 | p99 | more than with none, p50 |\n| --- | --- | --- | --- |');
  for (const [kind, all] of taken) {
    all.sort((a, b) => a - b);
    console.log(`| ${kind} | ${text(percentile(all, 0.5))} | ${text(percentile(all, 0.99))} | ${text(percentile(all, 0.5) - none)} |`);
  }
  console.log(`waits, as counted by the writer: ${await writer.counted('cacheproxy_evictions_waits_total{ended="acknowledged"}')} acknowledged, `
    + `${await writer.counted('cacheproxy_evictions_waits_total{ended="lapsed"}')} lapsed`);

  await killed(writer, others);
  await cut(writer, others.filter(one => !one.isKilled).slice(0, 3), redisCli);
  api.close();
}

async function killed(writer, others) {
  const three = others.slice(0, Math.min(3, others.length));
  const id = newId();
  await writer.read(id);
  await writer.read(id);
  for (const one of three) await one.hold(id);
  const victim = three[0];
  victim.isKilled = true;
  victim.child.kill('SIGKILL');
  await once(victim.child, 'exit');
  const first = await ask(writer.port, 'PUT', id, writer.agent);
  const second = await write(writer, three.slice(1), id);
  console.log(`one of ${three.length} holders killed: the first write takes ${text(first.ms)}, the next ${text(second)}`);
}

async function cut(writer, holders, redisCli) {
  const id = newId();
  await writer.read(id);
  await writer.read(id);
  for (const one of holders) await one.hold(id);
  redisCli('acl', 'setuser', 'default', 'resetchannels');
  redisCli('client', 'kill', 'type', 'pubsub');
  const first = await ask(writer.port, 'PUT', id, writer.agent);
  await sleep(4000);
  const held = [];
  for (const one of holders) held.push(await one.hold(id));
  const second = await ask(writer.port, 'PUT', id, writer.agent);
  console.log(`all subscriptions cut: the first write takes ${text(first.ms)}; 4 s later ${held.filter(Boolean).length} of ${holders.length} hold, and a write takes ${text(second.ms)}`);
}

try {
  await measure();
} finally {
  for (const child of children) child.kill();
  await sleep(500);
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
