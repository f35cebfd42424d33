// The service worker that a push wakes when no page is open: shows who calls, and opens the page that takes the call.
//
// A push carries the technote's three strings (docs/push.md): `caller`, `url` and `wakeupToken`; one that calls the other
// off has `cancelled` in the place of the token. Firebase puts them below `data`.

const tag = 'anynode-call';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => {
    const message = event.data?.json() ?? {};
    event.waitUntil(received(message.data ?? message));
});

async function received({ caller, url, wakeupToken, cancelled }) {
    // Safari takes the permission away from pages whose pushes show nothing: so a call that is over is shown as well.
    if (cancelled) {
        await self.registration.showNotification('Missed call', { tag, body: caller, data: { address: url } });
        return;
    }
    const address = new URL(url ?? '/', self.location.href);
    address.searchParams.set('wakeupToken', wakeupToken);
    await self.registration.showNotification('Incoming call', {
        tag, body: caller, requireInteraction: true, renotify: true, data: { address: address.href },
    });
}

self.addEventListener('notificationclick', (event) => {
    event.notification.close();
    event.waitUntil(self.clients.openWindow(event.notification.data.address));
});
