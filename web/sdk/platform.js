/** What the line needs of a browser; tests have a clock and a network of their own. */
export const browserPlatform = {
    open: (address) => new WebSocket(address),
    fetch: (...request) => fetch(...request),
    setTimeout: (work, delay) => setTimeout(work, delay),
    clearTimeout: (timer) => clearTimeout(timer),
    now: () => Date.now(),
    random: () => Math.random(),
    get location() { return location; },
    get sessionStorage() { return sessionStorage; },
    get document() { return document; },
    get isVisible() { return document.visibilityState !== 'hidden'; },
    replaceAddress: (address) => history.replaceState(history.state, '', address),
    listen: (type, handler) => (type === 'visibilitychange' ? document : globalThis).addEventListener(type, handler),
};
