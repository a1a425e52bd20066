// Starts one of the caches under test in front of the origin.
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peers } from './peers.mjs';
import { freePort, start } from './processes.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** Each takes the origin's port and a folder of its own, and answers with the address of a cache that is ready. */
export const caches = {
  cacheproxy: (origin, folder) => startCacheProxy(origin, folder, ''),
  redis: async (origin, folder) => startCacheProxy(origin, folder, `127.0.0.1:${await startRedis(folder)}`),
  ...peers,
};

// The example configuration takes the place of the file beside the program, as it would for anybody.
async function startCacheProxy(origin, folder, redis) {
  const program = join(folder, 'program');
  await cp(join(here, '../../src/CacheProxy/bin/Release/net10.0'), program, { recursive: true });
  await cp(join(here, 'catch-all.json'), join(program, 'appsettings.json'));
  const { lines, gone } = start('dotnet', [
    join(program, 'CacheProxy.dll'),
    '--Kestrel:Endpoints:Proxy:Url=http://127.0.0.1:0',
    '--Kestrel:Endpoints:Management:Url=http://127.0.0.1:0',
    `--ReverseProxy:Clusters:api:Destinations:primary:Address=http://127.0.0.1:${origin}/`,
    `--CacheProxy:Redis:ConnectionString=${redis}`,
  ], { cwd: program });
  const started = new Promise(resolve => {
    lines.on('line', line => {
      const address = /listens on [\\"]*(http:\/\/[^ ,"\\/]+)/.exec(line)?.[1];
      if (address) {
        resolve(address);
      }
    });
  });
  const address = await Promise.race([started, gone]);
  await Promise.race([reachesStore(address), gone]);
  return address;
}

// It answers at once and caches as soon as it is sure of its Redis.
async function reachesStore(address) {
  for (;;) {
    const response = await fetch(address);
    await response.arrayBuffer();
    if (!response.headers.get('cache-status')?.includes('store-unavailable')) {
      return;
    }
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

async function startRedis(folder) {
  const port = await freePort();
  const { lines, gone } = start('redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder], { cwd: folder });
  const started = new Promise(resolve => lines.on('line', line => line.includes('Ready to accept') && resolve(port)));
  return await Promise.race([started, gone]);
}
