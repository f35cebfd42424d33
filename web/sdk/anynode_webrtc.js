// anynode WebRTC: calls from web pages through an anynode-server. Types: anynode_webrtc.d.ts; examples: docs/sdk.md.

export { anynodeWebRtcCall } from './call.js';
export { anynodeWebRtcInstance } from './instance.js';
export { CALL_STATES, DISC_REASON, LOGIN_STATES } from './states.js';
