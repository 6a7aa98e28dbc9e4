// The loader: <script async src="https://chat.example/widget.js" data-site="shop"></script>
// puts a button and, behind it, the chat in a frame on the page. Host page and frame speak by postMessage alone, each
// naming the other's origin. Everything else stays on the chat's own origin.
(() => {
  if (window.routerdChat) return;
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const site = script.dataset.site || '';
  const listeners = new Map();
  const host = {
    identity: script.dataset.customerId ? { id: script.dataset.customerId, hash: script.dataset.customerHash || '' } : null,
    name: script.dataset.customerName || '',
    lang: document.documentElement.lang || navigator.language,
    attributes: {},
  };
  let isOpen = false;
  let ready = false;

  const frame = document.createElement('iframe');
  const button = document.createElement('button');
  const badge = document.createElement('span');

  function style(element, values) { Object.assign(element.style, values); }

  function layout() {
    const small = window.innerWidth < 520;
    style(frame, small
      ? { inset: '0', width: '100%', height: '100%', right: '0', bottom: '0', borderRadius: '0', maxHeight: 'none' }
      : { inset: 'auto', width: '400px', height: '640px', right: '20px', bottom: '92px', borderRadius: '16px', maxHeight: 'calc(100vh - 112px)' });
    style(frame, { display: isOpen ? 'block' : 'none' });
    style(button, { display: isOpen && small ? 'none' : 'block' });
    button.setAttribute('aria-expanded', String(isOpen));
    button.setAttribute('aria-label', isOpen ? 'Close chat' : 'Open chat');
    button.firstChild.textContent = isOpen ? '✕' : '💬';
  }

  function post(type, fields) {
    if (ready) frame.contentWindow.postMessage({ routerdChat: 1, t: type, ...fields }, origin);
  }

  function init() {
    post('init', { host: { ...host, page: { url: location.href.split('#')[0].slice(0, 2000), title: document.title.slice(0, 400) } } });
  }

  function emit(name, detail) {
    for (const listener of listeners.get(name) || []) listener(detail);
  }

  function show(on) {
    isOpen = on;
    if (on) badge.style.display = 'none';
    layout();
    post('shown', { on });
    if (on) frame.focus(); else button.focus();
    emit(on ? 'open' : 'close');
  }

  window.addEventListener('message', (event) => {
    if (event.origin !== origin || event.source !== frame.contentWindow || event.data?.routerdChat !== 1) return;
    switch (event.data.t) {
      case 'ready': ready = true; init(); post('shown', { on: isOpen }); emit('ready'); break;
      case 'close': show(false); break;
      case 'unread': if (!isOpen) badge.style.display = 'block'; emit('unread'); break;
      case 'state': emit('state', event.data.state); break;
      default: break;
    }
  });

  window.routerdChat = {
    open() { show(true); },
    close() { show(false); },
    // Who the visitor is, vouched for by the site's server: hash = HMAC-SHA256(secret, id) in hex. null: nobody.
    identify(identity) {
      host.identity = identity && identity.id ? { id: String(identity.id), hash: String(identity.hash || '') } : null;
      host.name = identity && identity.name ? String(identity.name) : '';
      init();
    },
    setAttributes(attributes) {
      host.attributes = { ...host.attributes, ...attributes };
      post('attributes', { attributes: host.attributes });
    },
    on(name, listener) {
      listeners.set(name, [...(listeners.get(name) || []), listener]);
    },
  };

  function mount() {
    frame.src = `${origin}/chat.html?site=${encodeURIComponent(site)}&host=${encodeURIComponent(location.origin)}`;
    frame.title = 'Chat';
    frame.dataset.testid = 'chat-frame';
    style(frame, { position: 'fixed', border: '0', zIndex: '2147483000', boxShadow: '0 12px 48px rgba(0,0,0,.22)', background: 'transparent', colorScheme: 'normal' });
    button.type = 'button';
    button.dataset.testid = 'chat-button';
    button.append(document.createElement('span'), badge);
    style(button, { position: 'fixed', right: '20px', bottom: '20px', width: '56px', height: '56px', borderRadius: '28px', border: '0', background: '#1f5fbf', color: '#fff', fontSize: '24px', cursor: 'pointer', zIndex: '2147483000', boxShadow: '0 6px 20px rgba(0,0,0,.25)' });
    style(badge, { display: 'none', position: 'absolute', top: '2px', right: '2px', width: '14px', height: '14px', borderRadius: '7px', background: '#d43c3c' });
    button.addEventListener('click', () => show(!isOpen));
    window.addEventListener('resize', layout);
    layout();
    document.body.append(frame, button);
  }
  if (document.body) mount(); else document.addEventListener('DOMContentLoaded', mount);
})();
