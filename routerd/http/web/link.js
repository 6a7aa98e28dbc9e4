// A WebSocket that comes back by itself.

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;

// Keeps one WebSocket to `url` open, with waits between attempts that double up to a few seconds and vary a little, so
// that a thousand pages do not all return in the same instant after a restart.
//
//   hooks.opened()      a new socket is open; say who you are
//   hooks.received(o)   one frame, parsed
//   hooks.lost(count)   the socket is gone, or the attempt failed for the count-th time; another will be made
export class Link {
  constructor(url, protocol, hooks) {
    this.url = url;
    this.protocol = protocol;
    this.hooks = hooks;
    this.failures = 0;
    this.stopped = false;
    this.goOnline = () => this.retryNow();
    this.goOffline = () => this.drop();
    addEventListener('online', this.goOnline);
    addEventListener('offline', this.goOffline);
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url, this.protocol);
    this.socket = socket;
    socket.onopen = () => this.socket === socket && this.hooks.opened();
    socket.onmessage = ({data}) => this.socket === socket && this.hooks.received(JSON.parse(data));
    socket.onclose = () => this.socket === socket && this.failed();
  }

  failed() {
    this.socket = null;
    if (this.stopped) return;
    this.failures += 1;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(10, this.failures - 1));
    this.timer = setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
    this.hooks.lost(this.failures);
  }

  // What was agreed with the server stands: waits begin small again.
  settled() {
    this.failures = 0;
  }

  send(object) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(object));
    return true;
  }

  // Gives up on a socket that looks open but answers nothing.
  drop() {
    const socket = this.socket;
    if (!socket) return;
    this.socket = null;
    socket.close();
    this.failed();
  }

  retryNow() {
    if (!this.socket && !this.stopped) this.open();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    removeEventListener('online', this.goOnline);
    removeEventListener('offline', this.goOffline);
    this.socket?.close();
    this.socket = null;
  }
}

// The address of a WebSocket of this very server.
export function socketUrl(path) {
  return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${path}`;
}
