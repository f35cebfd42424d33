// The demo page: puts the telephone, the view and the protocol's log together.

import { ProtocolLog } from './log.js';
import { Phone } from './phone.js';
import { Tones } from './tones.js';
import { View } from './view.js';

const phone = new Phone();
const tones = new Tones();
const view = new View(phone, document);
const log = new ProtocolLog(document);

phone.addEventListener('message', ({ detail }) => log.add(detail));
phone.addEventListener('notice', ({ detail }) => view.show(detail));
phone.addEventListener('change', () => {
    view.update();
    tones.play(tone());
});
document.addEventListener('pointerdown', unlockSound);
document.addEventListener('keydown', unlockSound);

function unlockSound() {
    tones.unlock();
    phone.unblockSound();
}

function tone() {
    const calls = [...phone.calls.values()];
    if (calls.some((call) => call.isOffered)) return 'ring';
    return calls.some((call) => call.direction === 'outgoing' && call.state === 'ringing') ? 'ringback' : null;
}

/** For the browser tests: what the page believes, as plain values, and what the browser counts. */
window.demo = {
    get state() {
        return {
            registration: phone.registration,
            username: phone.username,
            number: phone.address?.dialString ?? null,
            canBeWoken: phone.canBeWoken,
            calls: [...phone.calls.values()].map((call) => ({
                identifier: call.identifier, direction: call.direction, state: call.state, remote: call.remote,
                isMuted: call.isMuted, activeSince: call.activeSince, media: call.path.state,
                repairs: call.path.repairsMade,
            })),
            ended: structuredClone(phone.ended),
        };
    },

    /** Audio packets of all calls that have a connection now. A new RTCPeerConnection counts from zero. */
    async stats() {
        const total = { packetsReceived: 0, packetsSent: 0, packetsLost: 0, connections: 0 };
        for (const call of phone.calls.values()) {
            const one = await call.path.statistics();
            if (!one) continue;
            total.connections += 1;
            for (const key of ['packetsReceived', 'packetsSent', 'packetsLost']) total[key] += one[key];
        }
        return total;
    },
};

// `?notificationToken=…`: what a messaging service would have given this page. `?wakeupToken=…`: a push has opened it.
const query = new URLSearchParams(location.search);
phone.notificationToken = query.get('notificationToken');
if (phone.notificationToken) navigator.serviceWorker?.register('/wakeup-worker.js');
view.update();
if (query.has('wakeupToken')) {
    // It works once, and is nobody else's business.
    history.replaceState(null, '', '/');
    phone.wakeUp(query.get('wakeupToken'));
} else {
    phone.resume(view.password);
}
