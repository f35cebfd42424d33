// The state machine of a call, with a server and a media path that only write down what they are told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anynodeWebRtcCall, asDialString, maker } from '../../web/sdk/call.js';
import { AnynodeError } from '../../web/sdk/errors.js';

class RecordedPath {
    state = 'none';
    isSettled = false;
    isVideoOn = false;
    isScreenShared = false;
    hasRemoteVideo = false;
    remoteStream = null;
    told = [];
    preparing = Promise.resolve();
    constructor(parts) { this.parts = parts; }
    prepare() { this.told.push('prepare'); return this.preparing; }
    offer() { this.told.push('offer'); }
    receiveOffer({ sdp }) { this.told.push(`receiveOffer ${sdp}`); }
    receiveAnswer({ sdp }) { this.told.push(`receiveAnswer ${sdp}`); }
    receiveCandidates() { this.told.push('candidates'); }
    yield() { this.told.push('yield'); }
    reset() { this.told.push('reset'); }
    setMuted(isMuted) { this.told.push(`muted ${isMuted}`); }
    setPaused(isPaused) { this.told.push(`paused ${isPaused}`); }
    attach() {}
    async quality() { return null; }
    async startVideo() { this.told.push('startVideo'); }
    async sendDigits(digits) { this.told.push(`digits ${digits}`); }
    close() { this.told.push('close'); }
}

function made(facts = {}) {
    const lab = { sent: [], events: [], isConnected: true, heldOthers: 0 };
    lab.call = new anynodeWebRtcCall(maker, {
        identifier: 'c-1', direction: 'outgoing', state: 'dialing', remote: { dialString: '49' }, ...facts,
    }, {
        send(message) {
            if (lab.isConnected) lab.sent.push(message);
            return lab.isConnected;
        },
        path: (parts) => (lab.path = new RecordedPath(parts)),
        holdOthers: () => { lab.heldOthers += 1; },
        changed() {},
        ended: () => lab.events.push('gone'),
        failed() {},
    }, (control) => { lab.control = control; });
    for (const type of ['statechange', 'connected', 'ended', 'remotechange', 'error']) {
        lab.call.addEventListener(type, ({ detail }) => lab.events.push(type === 'statechange' ? detail.state : type));
    }
    lab.status = (state, members = {}, isRestored = false) => lab.control.update({ state, ...members }, isRestored);
    lab.actions = () => lab.sent.map(({ operation, action }) => (operation === 'media' ? `media ${action}` : action));
    return lab;
}

async function active(facts) {
    const lab = made(facts);
    lab.control.dial({});
    await turn();
    lab.status('ringing');
    lab.status('active');
    lab.sent.length = 0;
    lab.events.length = 0;
    lab.path.told.length = 0;
    return lab;
}

const offered = { direction: 'incoming', state: 'offered' };
const turn = () => new Promise((done) => setImmediate(done));
const fails = (code, reason) => (error) => error instanceof AnynodeError && error.code === code && error.reason === reason;

test('only the instance makes calls', () => {
    assert.throws(() => new anynodeWebRtcCall(Symbol('mine'), {}, {}, () => {}), fails('invalidArgument'));
});

test('an outgoing call: microphone, start, offer; then what the server says, in order and once', async () => {
    const lab = made();
    lab.control.dial({});
    assert.deepEqual(lab.sent, []);
    await turn();
    assert.deepEqual(lab.actions(), ['start']);
    assert.deepEqual(lab.path.told, ['prepare', 'offer']);
    lab.status('ringing');
    lab.status('active', { remoteAddress: { dialString: '49', displayName: 'Bob' } });
    lab.status('active');
    assert.equal(await lab.call.connected, lab.call);
    lab.status('terminated', { reason: 'normal' });
    lab.status('terminated', { reason: 'normal' });
    assert.deepEqual(lab.events, ['ringing', 'remotechange', 'active', 'connected', 'terminated', 'gone', 'ended']);
    const end = await lab.call.ended;
    assert.equal(end.reason, 'normal');
    assert.equal(end.duration, lab.call.endedAt - lab.call.answeredAt);
});

test('a refused microphone costs no call', async () => {
    const lab = made();
    const denied = new AnynodeError('microphoneDenied', 'no');
    lab.control.path.preparing = Promise.reject(denied);
    lab.control.dial({});
    await assert.rejects(lab.call.connected, (error) => error === denied);
    assert.deepEqual(lab.sent, []);
    assert.deepEqual(await lab.call.ended, { reason: 'cancelled', duration: 0, error: denied });
});

test('a call without a connection ends with notConnected', async () => {
    const lab = made();
    lab.isConnected = false;
    lab.control.dial({});
    await assert.rejects(lab.call.connected, fails('notConnected'));
});

test('hang up while the microphone is asked for: the server hears nothing', async () => {
    const lab = made();
    lab.control.dial({});
    lab.call.hangUp();
    await turn();
    assert.deepEqual(lab.sent, []);
    assert.equal((await lab.call.ended).reason, 'cancelled');
});

for (const reason of ['busy', 'rejected', 'notFound', 'noAnswer', 'unavailable']) {
    test(`an unanswered call: connected rejects with ${reason}`, async () => {
        const lab = made();
        lab.control.dial({});
        await turn();
        lab.status('terminated', { reason });
        await assert.rejects(lab.call.connected, fails('callEnded', reason));
    });
}

test('answer: microphone first, others on hold, then the kept offer; resolves when the server says active', async () => {
    const lab = made(offered);
    lab.control.receiveMedia({ action: 'offer', sdp: { type: 'offer', sdp: 'theirs' } });
    assert.deepEqual(lab.path.told, []);
    let isAnswered = false;
    const answered = lab.call.answer().then(() => { isAnswered = true; });
    await turn();
    assert.equal(lab.heldOthers, 1);
    assert.equal(isAnswered, false);
    lab.status('active');
    await answered;
});

test('answering twice is a mistake', async () => {
    const lab = made(offered);
    const first = lab.call.answer();
    await assert.rejects(lab.call.answer(), fails('invalidState'));
    await turn();
    lab.status('active');
    await first;
    assert.deepEqual(lab.actions(), ['answer']);
});

test('an answer that loses the race rejects with where the call went', async () => {
    const lab = made(offered);
    const answered = lab.call.answer();
    await turn();
    lab.status('terminated', { reason: 'answeredElsewhere' });
    await assert.rejects(answered, fails('callEnded', 'answeredElsewhere'));
});

test('a caller who gives up while the microphone is asked for', async () => {
    const lab = made(offered);
    const answered = lab.call.answer();
    lab.status('terminated', { reason: 'cancelled' });
    await assert.rejects(answered, fails('callEnded', 'cancelled'));
    assert.deepEqual(lab.sent, []);
});

test('after a refused microphone the call still rings, and can be answered', async () => {
    const lab = made(offered);
    lab.path.preparing = Promise.reject(new AnynodeError('microphoneDenied', 'no'));
    await assert.rejects(lab.call.answer(), fails('microphoneDenied'));
    assert.equal(lab.call.state, 'offered');
    lab.path.preparing = Promise.resolve();
    const answered = lab.call.answer();
    await turn();
    lab.status('active');
    await answered;
});

test('an answer without a connection fails, and the offer is kept for the next try', async () => {
    const lab = made(offered);
    lab.control.receiveMedia({ action: 'offer', sdp: 'theirs' });
    lab.isConnected = false;
    await assert.rejects(lab.call.answer(), fails('notConnected'));
    lab.isConnected = true;
    lab.call.answer();
    await turn();
    assert.ok(lab.path.told.includes('receiveOffer theirs'));
});

for (const [method, reason] of [['reject', 'rejected'], ['busy', 'busy']]) {
    test(`${method} tells the caller ${reason}`, () => {
        const lab = made(offered);
        lab.call[method]();
        assert.deepEqual(lab.sent, [{ operation: 'signaling', action: 'terminate', identifier: 'c-1', reason }]);
        assert.equal(lab.call.state, 'terminating');
    });
    test(`${method} of a call that talks is a mistake`, async () => {
        const lab = await active();
        assert.throws(() => lab.call[method](), fails('invalidState'));
    });
}

test('hold and retrieve wait for the server, and are idempotent where nothing is to be done', async () => {
    const lab = await active();
    const held = lab.call.hold();
    lab.status('held');
    await held;
    await lab.call.hold();
    assert.deepEqual(lab.path.told, ['paused true']);
    const retrieved = lab.call.retrieve();
    lab.status('active');
    await retrieved;
    assert.deepEqual(lab.actions(), ['hold', 'retrieve']);
    await assert.rejects(lab.call.retrieve(), fails('invalidState'));
});

test('retrieve is done when the other side still holds', async () => {
    const lab = await active();
    lab.status('held');
    const retrieved = lab.call.retrieve();
    lab.status('holding');
    await retrieved;
    assert.equal(lab.path.told.at(-1), 'paused true');
});

test('a refused request rejects with the reason, and the call goes on', async () => {
    const lab = await active();
    const held = lab.call.hold();
    lab.status('active', { reason: 'invalidState' });
    await assert.rejects(held, fails('requestRefused', 'invalidState'));
    assert.equal(lab.call.state, 'active');
});

test('a refusal that no request waits for was an offer that crossed theirs', async () => {
    const lab = await active();
    lab.status('active', { reason: 'invalidState' });
    assert.equal(lab.path.told.at(-1), 'yield');
});

test('a request lost with the connection is sent again, once', async () => {
    const lab = await active();
    const held = lab.call.hold();
    lab.status('active', {}, true);
    assert.deepEqual(lab.actions(), ['hold', 'hold']);
    lab.status('held');
    await held;
});

test('requests of a call that ends reject with its end', async () => {
    const lab = await active();
    const held = lab.call.hold();
    lab.status('terminated', { reason: 'normal' });
    await assert.rejects(held, fails('callEnded', 'normal'));
});

test('blind transfer resolves when this side is out', async () => {
    const lab = await active();
    const transferred = lab.call.transfer('(05363) 8195-999');
    assert.deepEqual(lab.sent[0].remoteAddress, { dialString: '053638195-999' });
    lab.status('terminated', { reason: 'transferred' });
    await transferred;
    assert.equal((await lab.call.ended).reason, 'transferred');
});

test('attended transfer names the other call; itself and rubbish are mistakes', async () => {
    const lab = await active();
    const other = await active({ identifier: 'c-2' });
    await assert.rejects(lab.call.transfer(lab.call), fails('invalidArgument'));
    await assert.rejects(lab.call.transfer('no number!'), fails('invalidArgument'));
    await assert.rejects(lab.call.transfer(made(offered).call), fails('invalidState'));
    lab.call.transfer(other.call);
    assert.equal(lab.sent[0].transferIdentifier, 'c-2');
});

test('a refused transfer says why', async () => {
    const lab = await active();
    const transferred = lab.call.transfer('4999');
    lab.status('active', { reason: 'notFound' });
    await assert.rejects(transferred, fails('requestRefused', 'notFound'));
});

test('somebody else on the other side: the media begins anew', async () => {
    const lab = await active();
    lab.status('ringing', { remoteAddress: { dialString: '50' } });
    lab.status('active', { remoteAddress: { dialString: '50', displayName: 'Carol' } });
    assert.deepEqual(lab.path.told, ['reset', 'paused false']);
    assert.deepEqual(lab.events, ['remotechange', 'ringing', 'remotechange', 'active']);
});

test('a number that only got a name keeps its media', async () => {
    const lab = await active();
    lab.status('active', { remoteAddress: { dialString: '49', displayName: 'Bob' } });
    assert.deepEqual(lab.path.told, ['paused false']);
});

test('the server asks for a fresh offer by an empty one', async () => {
    const lab = await active();
    lab.control.receiveMedia({ action: 'offer' });
    lab.control.receiveMedia({ action: 'offer', ice: [{}] });
    assert.deepEqual(lab.path.told, ['offer', 'candidates']);
});

test('hanging up silences at once, whatever the connection does, and is made good', async () => {
    const lab = await active();
    lab.isConnected = false;
    lab.call.hangUp();
    assert.deepEqual(lab.path.told, ['close']);
    assert.equal(lab.call.state, 'terminating');
    lab.isConnected = true;
    lab.status('active', {}, true);
    assert.deepEqual(lab.actions(), ['terminate']);
    assert.equal(lab.call.state, 'terminating');
    lab.status('terminated', { reason: 'normal' });
    assert.equal((await lab.call.ended).reason, 'normal');
});

test('after hanging up, late media is nobody’s', async () => {
    const lab = await active();
    lab.call.hangUp();
    lab.control.receiveMedia({ action: 'offer', sdp: 'late' });
    lab.control.receiveMedia({ action: 'offer' });
    assert.deepEqual(lab.path.told, ['close']);
});

test('a restored call without media offers anew; one whose media is settled does not', async () => {
    const lab = await active();
    lab.path.isSettled = true;
    lab.status('active', {}, true);
    assert.deepEqual(lab.path.told, ['paused false']);
    lab.path.isSettled = false;
    lab.status('active', {}, true);
    assert.equal(lab.path.told.at(-1), 'offer');
});

test('what is not possible in a state says so', async () => {
    const lab = made();
    await assert.rejects(lab.call.hold(), fails('invalidState'));
    await assert.rejects(lab.call.answer(), fails('invalidState'));
    await assert.rejects(lab.call.startVideo(), fails('invalidState'));
    await assert.rejects(lab.call.sendDigits('1'), fails('invalidState'));
    await assert.rejects(lab.call.transfer('49'), fails('invalidState'));
    assert.throws(() => lab.call.ring(), fails('invalidState'));
});

test('digits: the alphabet of DTMF', async () => {
    const lab = await active();
    await lab.call.sendDigits('19*#A,d');
    assert.deepEqual(lab.path.told, ['digits 19*#A,d']);
    for (const rubbish of ['', 'x', '1 2', '٣']) {
        await assert.rejects(lab.call.sendDigits(rubbish), fails('invalidArgument'));
    }
});

test('whether the caller offers a picture is known before the answer', () => {
    const lab = made(offered);
    assert.equal(lab.call.offersVideo, false);
    lab.control.receiveMedia({ action: 'offer', sdp: { type: 'offer', sdp: 'v=0\r\nm=audio 9 x\r\nm=video 9 x\r\n' } });
    assert.equal(lab.call.offersVideo, true);
});

test('numbers as people write them', () => {
    assert.equal(asDialString(' +49 (5363) 8195-999 '), '+4953638195-999');
    assert.equal(asDialString('05363/8195'), '053638195');
    for (const rubbish of ['', ' ', 'a b!', 49, null, undefined, 'x'.repeat(65)]) {
        assert.throws(() => asDialString(rubbish), fails('invalidArgument'));
    }
});
