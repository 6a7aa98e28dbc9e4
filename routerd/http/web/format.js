// Times, durations and names in protobuf's JSON form, for people.

// "contacts/81" -> "81".
export const idOf = (name = '') => name.slice(name.lastIndexOf('/') + 1);

// Milliseconds of a Timestamp ("2025-01-31T12:00:00.5Z"); null if absent.
export const instantOf = (timestamp) => (timestamp ? Date.parse(timestamp) : null);

// Milliseconds of a Duration ("1.5s"); null if absent.
export const millisecondsOf = (duration) => (duration ? Number.parseFloat(duration) * 1000 : null);

// 75,000 -> "1:15"; above an hour "1:02:03".
export function clockOf(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, '0');
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

// 75,000 -> "1 min 15 s"; 8,000 -> "8 s".
export function spanOf(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 600 && seconds % 60) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
  return `${Math.round(seconds / 86_400)} days`;
}

const timeOfDay = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit'});
const dayAndTime = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'short'});

// Time of day for today, else with the date.
export function momentOf(timestamp) {
  const instant = new Date(timestamp);
  return instant.toDateString() === new Date().toDateString() ? timeOfDay.format(instant) : dayAndTime.format(instant);
}

// "PRESENCE_AWAY" with prefix "PRESENCE_" -> "away"; absent -> "".
export const wordOf = (value = '', prefix = '') => value.replace(prefix, '').toLowerCase().replaceAll('_', ' ');

export const TIERS = {TIER_UNSPECIFIED: '', JUNIOR: 'junior', INTERMEDIATE: 'intermediate', SENIOR: 'senior', EXPERT: 'expert'};

// [{skill: "billing", tier: "SENIOR"}] -> "billing senior".
export const skillsOf = (list = []) => list.map(({skill, tier}) => [skill, TIERS[tier] ?? ''].join(' ').trim()).join(', ');

// "billing: senior, orders" -> [{skill: "billing", tier: "SENIOR"}, {skill: "orders"}].
export const parseSkills = (text) => text.split(',').map((one) => one.trim()).filter(Boolean).map((one) => {
  const [skill, tier] = one.split(/[\s:]+/);
  return tier ? {skill, tier: tier.toUpperCase()} : {skill};
});

const CHANNELS = {webchat: 'Web chat', phone: 'Phone', video: 'Video', wechat: 'WeChat', weibo: 'Weibo'};
export const channelOf = (id = '') => CHANNELS[id] ?? id;

// "waits in billing" -> "Waits in billing".
export const sentenceOf = (text = '') => text.charAt(0).toUpperCase() + text.slice(1);
