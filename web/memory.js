// What outlives a reload of the page, and only that: kept for this tab alone.

const key = 'anynode-demo';

/** `{ identifier, username, calls }`; the registration identifier is a secret like a password. */
export function recall() {
    try {
        return JSON.parse(sessionStorage.getItem(key)) ?? {};
    } catch {
        return {};
    }
}

export function remember(facts) {
    try {
        sessionStorage.setItem(key, JSON.stringify(facts));
    } catch {
        // Storage may be switched off; then a reload means a new log-in.
    }
}

export function forget() {
    try {
        sessionStorage.removeItem(key);
    } catch {
        // As above.
    }
}
