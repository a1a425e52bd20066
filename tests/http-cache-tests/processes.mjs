// Processes that end with this one.
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const children = [];

/** Starts a program; `gone` fails when it ends. */
export function start(command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  const ended = new Promise(resolve => child.once('close', resolve));
  const gone = new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', code => reject(new Error(`${command} ended with ${code}.`)));
  });
  gone.catch(() => {});
  children.push({ child, ended });
  return { lines: createInterface({ input: child.stdout }), gone };
}

/** Ends all of them, the last one first; one that does not go within ten seconds is killed. */
export async function stopAll() {
  for (const { child, ended } of children.reverse()) {
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    if (child.pid !== undefined && child.exitCode === null) {
      child.kill('SIGTERM');
      await ended;
    }
    clearTimeout(timer);
  }
}

/** The first line that a program says, on whichever stream. */
export function firstLine(command, args) {
  return new Promise(resolve => execFile(command, args, (_, out, err) => resolve((out + err).trim().split('\n')[0])));
}

/** All that a program writes; it may take five minutes. */
export function output(command, args) {
  return new Promise((resolve, reject) => execFile(command, args, { timeout: 300_000, maxBuffer: 1 << 26 },
    (error, out) => error ? reject(error) : resolve(out)));
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Waits until something answers in HTTP. */
export async function answers(address) {
  while (!await fetch(address).then(response => response.arrayBuffer()).then(() => true, () => false)) {
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
