// A message as it may be shown: without what would let a reader take over the registration or use the TURN server.

export function redacted(message) {
    if (typeof message !== 'object') return message;
    const copy = { ...message };
    if (copy.operation === 'register') {
        for (const name of ['identifier', 'notificationToken']) {
            if (copy[name] !== undefined) copy[name] = shortened(copy[name]);
        }
    }
    if (Array.isArray(copy.iceServers)) {
        copy.iceServers = copy.iceServers.map((server) => ({ ...server, ...(server.credential && { credential: '…' }) }));
    }
    return copy;
}

function shortened(secret) {
    return typeof secret === 'string' && secret.length > 16 ? `${secret.slice(0, 6)}…` : '…';
}
