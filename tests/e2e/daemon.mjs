// A daemon under test: started, killed without warning, started again where it was.
import {spawn} from 'node:child_process';
import {createWriteStream} from 'node:fs';
import {createInterface} from 'node:readline';

const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });

export class Daemon {
  // `arguments_(ready)`: the command line; `ready` is what the first start said it listens on, or {}.
  constructor(program, log, arguments_) {
    this.program = program;
    this.log = createWriteStream(log);
    this.arguments_ = arguments_;
    this.ready = {};
  }

  // Resolves to the addresses of the READY line.
  async start() {
    const child = spawn(this.program, this.arguments_(this.ready), {stdio: ['ignore', 'pipe', 'pipe']});
    this.child = child;
    running.add(child);
    child.stderr.pipe(this.log, {end: false});
    this.exited = new Promise((resolve) => child.on('exit', (code, signal) => {
      running.delete(child);
      resolve(signal ?? code);
    }));
    const ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.program} is not ready after 30 s`)), 30_000);
      this.exited.then((how) => reject(new Error(`${this.program} ended with ${how} before it was ready`)));
      createInterface(child.stdout).on('line', (line) => {
        if (!line.startsWith('READY ')) return;
        clearTimeout(timer);
        resolve(Object.fromEntries(line.slice('READY '.length).split(' ').map((pair) => pair.split('='))));
      });
    });
    const said = await ready;
    if (!Object.keys(this.ready).length) this.ready = said;
    return said;
  }

  // As a power cut would: nothing is flushed, nothing is said.
  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  // As an operator would. Resolves to the exit code.
  async stop() {
    this.child.kill('SIGTERM');
    return await this.exited;
  }
}
