// A message as it may be shown: without what would let a reader of the screen take over the registration.

export function redacted(message) {
    const copy = structuredClone(message);
    const secrets = copy.operation === 'register' ? ['identifier', 'notificationToken'] : [];
    for (const name of secrets) {
        if (typeof copy[name] === 'string') copy[name] = shortened(copy[name]);
    }
    for (const server of copy.iceServers ?? []) {
        if (server.credential) server.credential = '…';
    }
    return copy;
}

export function inLogWords({ operation, action, state, reason, identifier, remoteAddress, localAddress, sdp, ice }) {
    const party = operation === 'register' ? localAddress : remoteAddress;
    const parts = [
        reason,
        party?.dialString ?? party,
        sdp && `sdp ${(JSON.stringify(sdp).length / 1_000).toFixed(1)} kB`,
        ice && 'ice',
        operation !== 'register' && identifier && shortened(identifier),
    ];
    return { title: `${operation} ${action}`, state, rest: parts.filter(Boolean).join(' · ') };
}

function shortened(secret) {
    return secret.length > 8 ? `${secret.slice(0, 8)}…` : secret;
}
