// Starts the caches of others, as Debian packages them, each with little more than the address of the origin.
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answers, firstLine, freePort, start } from './processes.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const isRoot = process.getuid() === 0;

/** Each takes the origin's port and a folder of its own, and answers with the address of a cache that is ready. */
export const peers = { nginx: startNginx, varnish: startVarnish, apache: startApache, squid: startSquid, trafficserver: startTrafficServer };

export const versions = {
  nginx: () => firstLine('nginx', ['-v']),
  varnish: () => firstLine('varnishd', ['-V']),
  apache: () => firstLine('apache2', ['-v']),
  squid: () => firstLine('squid', ['-v']),
  trafficserver: () => firstLine('traffic_server', ['-V']),
};

async function startNginx(origin, folder) {
  const port = await freePort();
  await mkdir(join(folder, 'store'));
  const file = await writeConfiguration('nginx.conf', folder, port, origin, isRoot ? 'user root;' : '');
  const { gone } = start('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], { cwd: folder });
  return await ready(port, gone);
}

async function startVarnish(origin, folder) {
  const port = await freePort();
  const file = join(folder, 'default.vcl');
  await writeFile(file, `vcl 4.0;\nbackend default { .host = "127.0.0.1"; .port = "${origin}"; }\n`);
  // No freshness but the origin's, and what is stale is kept for validation.
  const { gone } = start('varnishd', ['-F', '-n', join(folder, 'varnish'), '-j', 'none', '-a', `127.0.0.1:${port}`, '-f', file,
    '-p', 'default_ttl=0', '-p', 'default_grace=0', '-p', 'default_keep=3600', '-s', 'malloc,64M'], { cwd: folder });
  return await ready(port, gone);
}

async function startApache(origin, folder) {
  const port = await freePort();
  await mkdir(join(folder, 'store'));
  await chmod(join(folder, 'store'), 0o777);
  const file = await writeConfiguration(
    'apache.conf', folder, port, origin, isRoot ? 'User www-data\nGroup www-data' : '');
  const { gone } = start('apache2', ['-D', 'FOREGROUND', '-f', file], { cwd: folder });
  return await ready(port, gone);
}

async function startSquid(origin, folder) {
  const port = await freePort();
  await chmod(folder, 0o777);
  const file = await writeConfiguration('squid.conf', folder, port, origin, '');
  const { gone } = start('squid', ['-N', '-f', file], { cwd: folder });
  return await ready(port, gone);
}

async function startTrafficServer(origin, folder) {
  const port = await freePort();
  const root = join(folder, 'trafficserver');
  for (const name of ['run', 'log', 'cache']) {
    await mkdir(join(root, name), { recursive: true });
  }
  await cp('/etc/trafficserver', join(root, 'etc'), { recursive: true });
  await writeFile(join(root, 'runroot.yaml'),
    'prefix: /usr\nexec_prefix: /usr\nsysconfdir: ./etc\nruntimedir: ./run\nlogdir: ./log\ncachedir: ./cache\nlocalstatedir: ./run\ndatadir: ./cache\n');
  await writeFile(join(root, 'etc/remap.config'), `map / http://127.0.0.1:${origin}/\n`);
  await writeFile(join(root, 'etc/storage.config'), `${join(root, 'cache')} 64M\n`);
  const { gone } = start('traffic_server', [], {
    cwd: root,
    env: {
      ...process.env,
      TS_RUNROOT: root,
      PROXY_CONFIG_HTTP_SERVER_PORTS: `${port}:ip-in=127.0.0.1`,
      PROXY_CONFIG_URL_REMAP_PRISTINE_HOST_HDR: '1',
      PROXY_CONFIG_ADMIN_USER_ID: '#-1',
    },
  });
  return await ready(port, gone);
}

async function writeConfiguration(name, folder, port, origin, user) {
  const template = await readFile(join(here, name), 'utf8');
  const file = join(folder, name);
  await writeFile(file, template
    .replaceAll('ORIGIN_PORT', String(origin))
    .replaceAll('ORIGIN', `127.0.0.1:${origin}`)
    .replaceAll('FOLDER', folder)
    .replaceAll('USER', user)
    .replaceAll('PORT', String(port)));
  return file;
}

async function ready(port, gone) {
  const address = `http://127.0.0.1:${port}`;
  await Promise.race([answers(address), gone]);
  return address;
}
