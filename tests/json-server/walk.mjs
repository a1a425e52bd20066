// Usage: node walk.mjs FOLDER PROGRAM: the folder in which json-server is installed, and the built CacheProxy.dll.
// Prints one line per step; exit code 0 only if each came out as it should.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [folder, program] = process.argv.slice(2);
const patienceMs = 60_000;
const children = [];
let failures = 0;

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function start(command, args) {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise((_, reject) => {
    child.on('error', reject);
    child.on('exit', code => reject(new Error(`${command} ended with ${code}.`)));
  });
  gone.catch(() => {});
  children.push(child);
  return { child, gone };
}

async function startApi() {
  const file = join(folder, 'db.json');
  await writeFile(file, JSON.stringify({
    posts: [{ id: 1, title: 'one' }],
    comments: [{ id: 1, text: 'first' }],
  }));
  const port = await freePort();
  const { child, gone } = start(process.execPath,
    [join(folder, 'node_modules/json-server/lib/cli/bin.js'), '--host', '127.0.0.1', '--port', String(port), file]);
  child.stdout.resume();
  const address = `http://127.0.0.1:${port}/`;
  const answers = async () => {
    while (!await fetch(`${address}posts`).then(response => response.ok, () => false)) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  };
  await Promise.race([answers(), gone]);
  return address;
}

// json-server knows no tenants: the host takes their place in the keys. It forbids caching in every answer; on the route of the
// posts that is taken away, on the route of the comments it stands.
async function startProxy(api) {
  const settings = {
    'Kestrel:Endpoints:Proxy:Url': 'http://127.0.0.1:0',
    'Kestrel:Endpoints:Management:Url': 'http://127.0.0.1:0',
    'ReverseProxy:Clusters:json-server:Destinations:primary:Address': api,
    'CacheProxy:Policies:post:Key': '{host}|post:{id}',
    'CacheProxy:Policies:post:Ttl': '5m',
    'CacheProxy:Policies:comment:Key': '{host}|comment:{id}',
    'CacheProxy:Policies:comment:Ttl': '5m',
    ...route('post', '/api/posts/{id}', 'post', ['Cache-Control', 'Pragma', 'Expires']),
    ...route('comment', '/api/comments/{id}', 'comment', []),
    ...route('rest', '/api/{**rest}', '', []),
  };
  const { child, gone } = start('dotnet', [program, ...Object.entries(settings).map(([key, value]) => `--${key}=${value}`)]);
  const started = new Promise(resolve => {
    createInterface({ input: child.stdout }).on('line', line => {
      const address = /listens on [\\"]*(http:\/\/[^ ,"\\]+)/.exec(line)?.[1];
      if (address) {
        resolve(address);
      }
    });
  });
  return await Promise.race([started, gone]);
}

function route(name, path, policy, removed) {
  const section = `ReverseProxy:Routes:${name}`;
  const settings = {
    [`${section}:ClusterId`]: 'json-server',
    [`${section}:Match:Path`]: path,
    [`${section}:Metadata:CachePolicy`]: policy,
    [`${section}:Transforms:0:PathRemovePrefix`]: '/api',
  };
  removed.forEach((header, i) => {
    settings[`${section}:Transforms:${i + 1}:ResponseHeaderRemove`] = header;
    settings[`${section}:Transforms:${i + 1}:When`] = 'Always';
  });
  return settings;
}

// What Cache-Status says in one word: was the API asked, and was its answer kept?
function cached(response) {
  const status = response.headers.get('cache-status') ?? '';
  return /;\s*hit/.test(status) ? 'hit' : /;\s*stored/.test(status) ? 'stored' : 'forwarded';
}

async function step(address, what, method, path, body, expected) {
  const response = await fetch(address + path, {
    method,
    headers: body ? { 'Content-Type': 'application/json' } : {},
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  const answer = text && JSON.parse(text);
  const problems = [];
  if (response.status !== expected.status) {
    problems.push(`status ${response.status}, not ${expected.status}`);
  }
  if (expected.cached && cached(response) !== expected.cached) {
    problems.push(`${cached(response)}, not ${expected.cached} (Cache-Status: ${response.headers.get('cache-status')})`);
  }
  if (expected.title && answer.title !== expected.title) {
    problems.push(`title ${answer.title}, not ${expected.title}`);
  }
  failures += problems.length > 0 ? 1 : 0;
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${what}: ${method} ${path} ${response.status} ${cached(response)} ${problems.join('; ')}`);
  return answer;
}

async function walk(address) {
  const go = (...rest) => step(address, ...rest);
  await go('an older post', 'GET', '/api/posts/1', null, { status: 200, cached: 'stored', title: 'one' });
  await go('an older post again', 'GET', '/api/posts/1', null, { status: 200, cached: 'hit', title: 'one' });
  const { id } = await go('create', 'POST', '/api/posts', { title: 'new' }, { status: 201, title: 'new' });
  await go('which evicts nothing', 'GET', '/api/posts/1', null, { status: 200, cached: 'hit', title: 'one' });

  const post = `/api/posts/${id}`;
  await go('read', 'GET', post, null, { status: 200, cached: 'stored', title: 'new' });
  await go('read again', 'GET', post, null, { status: 200, cached: 'hit', title: 'new' });
  await go('replace', 'PUT', post, { title: 'replaced' }, { status: 200, title: 'replaced' });
  await go('read what was replaced', 'GET', post, null, { status: 200, cached: 'stored', title: 'replaced' });
  await go('read again', 'GET', post, null, { status: 200, cached: 'hit', title: 'replaced' });
  await go('change a field', 'PATCH', post, { title: 'changed' }, { status: 200, title: 'changed' });
  await go('read what was changed', 'GET', post, null, { status: 200, cached: 'stored', title: 'changed' });
  await go('delete', 'DELETE', post, null, { status: 200 });
  await go('read what was deleted', 'GET', post, null, { status: 404, cached: 'forwarded' });
  await go('the older post all the while', 'GET', '/api/posts/1', null, { status: 200, cached: 'hit', title: 'one' });

  await go('a list', 'GET', '/api/posts', null, { status: 200, cached: 'forwarded' });
  await go('a list again', 'GET', '/api/posts', null, { status: 200, cached: 'forwarded' });
  await fetch(`${address}/api/comments/1`).then(response => response.text());
  const asked = await fetch(`${address}/api/comments/1`);
  await asked.text();
  const honoured = cached(asked) !== 'hit';
  failures += honoured ? 0 : 1;
  console.log(`${honoured ? 'ok    ' : 'FAILED'} the API's no-cache: GET /api/comments/1 ${asked.status} ${asked.headers.get('cache-status')}`);
}

const guard = setTimeout(() => {
  console.error('FAILED: no end in time.');
  children.forEach(child => child.kill('SIGKILL'));
  process.exit(1);
}, patienceMs);
try {
  const address = await startProxy(await startApi());
  await walk(address);
} catch (error) {
  failures++;
  console.error(`FAILED: ${error.message}`);
} finally {
  clearTimeout(guard);
  children.forEach(child => child.kill());
}
console.log(failures === 0 ? 'json-server behind CacheProxy: all as it should be.' : `json-server behind CacheProxy: ${failures} FAILED.`);
process.exitCode = failures === 0 ? 0 : 1;
