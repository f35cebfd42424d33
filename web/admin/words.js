// What people read: times, durations, numbers and reasons in words.

const reasons = {
    normal: 'hung up', cancelled: 'caller hung up', rejected: 'declined', busy: 'busy', noAnswer: 'not answered',
    unavailable: 'unreachable', notFound: 'no such number', directoryUnavailable: 'directory did not answer',
    connectionLost: 'connection lost', administrator: 'ended by an operator', shutdown: 'server shut down',
    transferred: 'transferred', answeredElsewhere: 'answered elsewhere',
};

const events = {
    'registration.created': 'Registered', 'registration.lost': 'Connection lost', 'registration.returned': 'Came back',
    'registration.ended': 'Registration ended', 'call.started': 'Call started', 'call.ringing': 'Ringing',
    'call.answered': 'Answered', 'call.held': 'Held', 'call.retrieved': 'Retrieved', 'call.transferred': 'Transferred',
    'call.ended': 'Call ended', 'notification.sent': 'Push sent', 'notification.failed': 'Push failed',
    'plugin.changed': 'Plugin changed', 'plugin.health': 'Plugin health', 'system.configured': 'Configuration applied',
    'system.drain': 'Draining', 'system.resume': 'Serving again', 'system.lost': 'Events lost',
};

/** Ends of calls that nobody wanted: worth a colour. */
const troubles = new Set(['unavailable', 'notFound', 'directoryUnavailable', 'connectionLost', 'shutdown', 'internal']);

export const reasonInWords = (reason) => reasons[reason] ?? reason ?? '';
export const isTrouble = (reason) => troubles.has(reason);
export const eventInWords = (event) => events[event] ?? event;

const two = (number) => String(number).padStart(2, '0');

/** `12s`, `3m 04s`, `2h 03m`, `5d 02h`. */
export function durationInWords(seconds) {
    const whole = Math.max(0, Math.floor(seconds ?? 0));
    const [days, hours, minutes] = [Math.floor(whole / 86_400), Math.floor(whole / 3_600) % 24, Math.floor(whole / 60) % 60];
    if (days) return `${days}d ${two(hours)}h`;
    if (hours) return `${hours}h ${two(minutes)}m`;
    if (minutes) return `${minutes}m ${two(whole % 60)}s`;
    return `${whole}s`;
}

export function millisecondsInWords(milliseconds) {
    if (milliseconds === undefined || milliseconds === null) return '';
    if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
    if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
    return `${(milliseconds / 1_000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

/** Today's times without a date, others with one; in the reader's own time zone. */
export function timeInWords(text, { isPrecise = false } = {}) {
    const time = new Date(text);
    if (Number.isNaN(time.getTime())) return String(text ?? '');
    const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
        + (isPrecise ? `.${String(time.getMilliseconds()).padStart(3, '0')}` : '');
    const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
    return time.toDateString() === new Date().toDateString() ? clock : `${day} ${clock}`;
}

export const secondsSince = (text, now = Date.now()) => Math.max(0, (now - new Date(text).getTime()) / 1_000);

export const numberInWords = (number) => Number(number ?? 0).toLocaleString('en');

export function partyInWords({ displayName, dialString } = {}) {
    return displayName ? `${displayName} · ${dialString}` : dialString ?? 'unknown';
}

/** What an event is about, in one line. */
export function eventDetails({ event, data = {} }) {
    if (event === 'system.lost') return `${numberInWords(data.count)} events did not reach this page`;
    const parts = [];
    if (data.caller || data.dialled) parts.push(`${data.caller ?? '?'} → ${data.dialled ?? '?'}`);
    else if (data.dialString) parts.push(data.dialString);
    if (data.username) parts.push(data.username);
    if (data.plugin) parts.push(data.plugin);
    if (data.kind) parts.push(data.kind);
    if (data.outcome) parts.push(data.outcome);
    if (data.status) parts.push(data.status);
    if (data.reason) parts.push(reasonInWords(data.reason));
    if (data.problem) parts.push(data.problem);
    if (data.revision) parts.push(`revision ${data.revision}`);
    return parts.join(' · ');
}
