// What getStats says, in the words of telephony.

/**
 * The quality since the last report.
 *
 * @param {RTCStatsReport} report
 * @param {object | null} last what this function returned as `last` for the report before
 */
export function digest(report, last) {
    const all = [...report.values()];
    const received = sum(all.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio'), ['packetsReceived', 'packetsLost']);
    const sent = sum(all.filter(({ type, kind }) => type === 'outbound-rtp' && kind === 'audio'), ['packetsSent']);
    const bytes = sum(all.filter(({ type }) => /^(in|out)bound-rtp$/.test(type)), ['bytesReceived', 'bytesSent', 'framesReceived', 'framesSent']);
    const jitter = 1_000 * most(all, 'inbound-rtp', 'jitter');
    const pair = selectedPair(all);
    const roundTrip = pair?.currentRoundTripTime === undefined ? null : 1_000 * pair.currentRoundTripTime;
    const arrived = received.packetsReceived - (last?.packetsReceived ?? 0);
    const missed = Math.max(0, received.packetsLost - (last?.packetsLost ?? 0));
    const loss = arrived + missed > 0 ? missed / (arrived + missed) : 0;
    const quality = {
        mos: arrived > 0 ? meanOpinion({ loss, jitter, roundTrip: roundTrip ?? 0 }) : null,
        loss, jitter, roundTrip,
        levelIn: most(all, 'inbound-rtp', 'audioLevel'), levelOut: most(all, 'media-source', 'audioLevel'),
        ...received, ...sent, bytesSent: bytes.bytesSent, bytesReceived: bytes.bytesReceived,
        videoFramesReceived: bytes.framesReceived, videoFramesSent: bytes.framesSent,
        path: report.get(pair?.localCandidateId)?.candidateType ?? null,
    };
    return { quality, last: received };
}

/**
 * The E-model of ITU-T G.107 as it is commonly simplified: R falls with the delay from mouth to ear, of which the jitter buffer is a part,
 * and with the share of packets lost; MOS from R by annex B. Values for Opus with its loss concealment.
 */
export function meanOpinion({ loss, jitter, roundTrip }) {
    const delay = roundTrip / 2 + 2 * jitter + 20;
    const rating = Math.max(0, 93.2 - delay / 40 - Math.max(0, delay - 177.3) * 0.11 - (95 * loss) / (loss + 0.1));
    return Math.min(4.5, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}

function selectedPair(all) {
    const id = all.find(({ type, selectedCandidatePairId }) => type === 'transport' && selectedCandidatePairId)?.selectedCandidatePairId;
    const pairs = all.filter(({ type }) => type === 'candidate-pair');
    // Firefox knows `selected`, and no transport.
    return pairs.find((pair) => (id ? pair.id === id : pair.selected || (pair.nominated && pair.state === 'succeeded')));
}

function sum(entries, names) {
    return Object.fromEntries(names.map((name) => [name, entries.reduce((total, entry) => total + (entry[name] ?? 0), 0)]));
}

function most(all, wanted, name) {
    return all.reduce((greatest, { type, kind, [name]: value = 0 }) => (type === wanted && kind === 'audio' ? Math.max(greatest, value) : greatest), 0);
}
