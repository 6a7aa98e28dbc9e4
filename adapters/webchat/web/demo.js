// A stand-in for a web site: lets the newcomer choose who they are, and embeds the chat as any site would.
const select = document.getElementById('persona');
const { site, personas } = await (await fetch('demo/personas')).json();
for (const { id, name, note } of personas) select.add(new Option(note ? `${name} (${note})` : name, id));
const wanted = new URLSearchParams(location.search).get('persona') || '';
if (personas.some(({ id }) => id === wanted)) select.value = wanted;

const chosen = () => personas.find(({ id }) => id === select.value) || null;
const script = document.createElement('script');
script.async = true;
script.src = '/widget.js';
script.dataset.site = site;
const first = chosen();
if (first) Object.assign(script.dataset, { customerId: first.id, customerHash: first.hash, customerName: first.name });
script.addEventListener('load', () => {
  select.addEventListener('change', () => window.routerdChat.identify(chosen()));
  document.getElementById('open').addEventListener('click', () => window.routerdChat.open());
});
document.body.append(script);
