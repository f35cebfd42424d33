// What outlives a reload of the page. A registration identifier is a secret like a password.

import { AnynodeError } from './errors.js';

/** A cookie may have 4 kB. */
const cookieLimit = 3_800;

/** Never throws: where storage is switched off, a reload means a new log-in. */
export function registrationStorage(kind, key, platform) {
    const place = typeof kind === 'object' ? kind : places[kind]?.(key, platform);
    if (typeof place?.get !== 'function' || typeof place.set !== 'function' || typeof place.remove !== 'function') {
        throw new AnynodeError('invalidArgument', "storage: expected 'session', 'cookie', 'none' or an object with get, set and remove");
    }
    return {
        get: () => ({ ...attempted(() => JSON.parse(place.get())) }),
        set: (facts) => attempted(() => place.set(JSON.stringify(facts))),
        remove: () => attempted(() => place.remove()),
    };
}

const places = {
    none: () => ({ get: () => null, set() {}, remove() {} }),
    session: (key, platform) => ({
        get: () => platform.sessionStorage.getItem(key),
        set: (value) => platform.sessionStorage.setItem(key, value),
        remove: () => platform.sessionStorage.removeItem(key),
    }),
    cookie: (key, platform) => {
        const secure = platform.location.protocol === 'https:' ? '; Secure' : '';
        const write = (value, more = '') => {
            platform.document.cookie = `${key}=${encodeURIComponent(value)}; Path=/; SameSite=Strict${secure}${more}`;
        };
        return {
            get: () => {
                const cookie = platform.document.cookie.split('; ').find((one) => one.startsWith(`${key}=`));
                return cookie ? decodeURIComponent(cookie.slice(key.length + 1)) : null;
            },
            set: (value) => {
                const { calls, ...rest } = JSON.parse(value);
                write(encodeURIComponent(value).length < cookieLimit ? value : JSON.stringify(rest));
            },
            remove: () => write('', '; Max-Age=0'),
        };
    },
};

function attempted(work) {
    try {
        return work();
    } catch {
        return undefined;
    }
}
