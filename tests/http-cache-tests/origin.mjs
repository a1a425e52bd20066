// The suite's own origin server, on loopback only. Usage: node origin.mjs FOLDER, in which the suite is installed.
import { Server } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { engineOf } from './tests.mjs';

const listen = Server.prototype.listen;
Server.prototype.listen = function () {
  return listen.call(this, 0, '127.0.0.1');
};
await import(pathToFileURL(join(engineOf(process.argv[2]), 'server/server.mjs')));
