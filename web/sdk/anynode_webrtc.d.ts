// The types of anynode_webrtc.js: everything an application sees. docs/sdk.md tells the story, with examples that run.

/** Where a log-in stands. */
export declare const LOGIN_STATES: Readonly<{
    /** No registration; nothing is tried. */
    LOGGED_OUT: 'loggedOut';
    /** The first connection is being made. */
    CONNECTING: 'connecting';
    /** The socket is up without a number of its own: calls can be made, none come in (`register: false`). */
    CONNECTED: 'connected';
    /** The server knows this client by its number: calls can be made and come in. */
    REGISTERED: 'registered';
    /** The connection was lost and is being made again; calls go on meanwhile. */
    RECONNECTING: 'reconnecting';
    /** `logout` was called, the server has not answered yet. */
    LOGGING_OUT: 'loggingOut';
}>;
export type LoginState = (typeof LOGIN_STATES)[keyof typeof LOGIN_STATES];

/** The state of a call. All but `dialing` and `offered` are the server's (technote §10). */
export declare const CALL_STATES: Readonly<{
    /** Placed here; the server has not said anything of it yet. */
    DIALING: 'dialing';
    /** Came in; the caller does not hear it ring yet. */
    OFFERED: 'offered';
    RINGING: 'ringing';
    ACTIVE: 'active';
    /** On hold by this side. */
    HELD: 'held';
    /** On hold by the other side. */
    HOLDING: 'holding';
    TERMINATING: 'terminating';
    TERMINATED: 'terminated';
}>;
export type CallState = (typeof CALL_STATES)[keyof typeof CALL_STATES];

/** Why a call or a registration ended, or a request was refused: the server's own words (docs/protocol.md, Reasons). */
export declare const DISC_REASON: Readonly<{
    SUCCESS: 'success'; NORMAL: 'normal'; CANCELLED: 'cancelled'; REJECTED: 'rejected'; BUSY: 'busy'; NO_ANSWER: 'noAnswer';
    NOT_FOUND: 'notFound'; UNAVAILABLE: 'unavailable'; ANSWERED_ELSEWHERE: 'answeredElsewhere'; TRANSFERRED: 'transferred';
    CONNECTION_LOST: 'connectionLost'; EXPIRED: 'expired'; REPLACED: 'replaced'; ADMINISTRATOR: 'administrator';
    SHUTDOWN: 'shutdown'; FORBIDDEN: 'forbidden'; NOT_REGISTERED: 'notRegistered'; ALREADY_REGISTERED: 'alreadyRegistered';
    DIRECTORY_UNAVAILABLE: 'directoryUnavailable'; INVALID_IDENTIFIER: 'invalidIdentifier';
    UNKNOWN_IDENTIFIER: 'unknownIdentifier'; DUPLICATE_IDENTIFIER: 'duplicateIdentifier'; INVALID_STATE: 'invalidState';
    INVALID_MESSAGE: 'invalidMessage'; OVERLOAD: 'overload'; INTERNAL: 'internal';
}>;
export type DiscReason = (typeof DISC_REASON)[keyof typeof DISC_REASON];

/** What went wrong, for a program; the message is for a person who develops. */
export type ErrorCode =
    /** The server refused user name and password, or the token. */
    | 'badCredentials'
    /** The server refused the log-in, and the browser does not tell why: wrong proof, or an origin that is not allowed. */
    | 'loginRefused'
    /** The server does not take this page's origin. */
    | 'originRefused'
    /** The server said who you are and refused the number; `reason` says why (`notFound`, `forbidden` …). */
    | 'registrationRefused'
    /** Nothing to log in with: no credentials given, nothing kept from before a reload. */
    | 'credentialsNeeded'
    /** The server does not answer. */
    | 'unreachable'
    /** The server took the connection and did not answer in time. */
    | 'timeout'
    /** The server has too much to do or goes down; `retryAfter` milliseconds are its wish. */
    | 'overloaded'
    /** `tokenProvider` failed; `cause` is its error. */
    | 'tokenUnavailable'
    /** The registration ended, by `reason`: `replaced`, `administrator`, `expired`, `shutdown` … */
    | 'registrationEnded'
    /** There is no connection to the server now; nothing was sent. */
    | 'notConnected'
    /** The call ended before it was answered, or the request failed because it ended; `reason` says why. */
    | 'callEnded'
    /** The server refused a request (hold, transfer …) in this state; `reason` says why. */
    | 'requestRefused'
    /** What was asked for makes no sense in the present state: answer a call twice, hold a call that rings … */
    | 'invalidState'
    /** A parameter is missing or not what it should be. */
    | 'invalidArgument'
    | 'microphoneDenied' | 'microphoneNotFound' | 'microphoneBusy'
    | 'cameraDenied' | 'cameraNotFound' | 'cameraBusy'
    | 'screenDenied'
    /** Browsers give microphones only to pages loaded by https or from localhost. */
    | 'insecureContext'
    /** The browser does not play sound before the user did something: call `resumeAudio()` from a click. */
    | 'autoplayBlocked'
    /** The browser lacks the function, e.g. choosing a loudspeaker. */
    | 'notSupported'
    /** The media path could not be made (ICE failed three times, or a description was refused); `cause` may say more. */
    | 'mediaFailed';

/** Every error of the SDK: `error.name === 'AnynodeError'`, told apart by `code`. */
export interface AnynodeError extends Error {
    readonly name: 'AnynodeError';
    readonly code: ErrorCode;
    readonly reason?: DiscReason;
    /** Milliseconds, where the server named a time. */
    readonly retryAfter?: number;
}

export interface Address {
    dialString: string;
    displayName?: string;
}

/** Keeps what outlives a reload: a secret like a password. `get` may return null. */
export interface RegistrationStorage {
    get(): string | null;
    set(value: string): void;
    remove(): void;
}

export interface InstanceOptions {
    /** The server: `wss://host:port/path` (or `https:`, which means the same). The page's own host, `/`, unless given. */
    url?: string | URL;
    /** STUN and TURN servers in the place of those the server names. */
    iceServers?: RTCIceServer[];
    /** `relay` lets no media pass but through TURN. */
    iceTransportPolicy?: RTCIceTransportPolicy;
    /** Send candidates one by one as they are found; else the description waits for all of them (technote §11). False unless given. */
    trickle?: boolean;
    /** Milliseconds an untrickled description waits for candidates at most. 2000 unless given. */
    gatheringTimeout?: number;
    /** Where the registration outlives a reload: this tab (`session`), a cookie as the technote recommends (§9.5.1), nowhere, or a place of your own. */
    storage?: 'session' | 'cookie' | 'none' | RegistrationStorage;
    /** Its name there, for two phones in one page. */
    storageKey?: string;
    /** Shown to the other side and the operator as this client's description (technote §8.1.13). */
    description?: string;
    /** Ringing, busy and congestion tones: German or US cadence, or none. `de` unless given. */
    tones?: 'de' | 'us' | false;
    /** Tells the caller at once that an incoming call rings; else `call.ring()` does. True unless given. */
    autoRing?: boolean;
    /** Puts the active call on hold when another one is placed, answered or retrieved. True unless given. */
    autoHold?: boolean;
    /** Constraints of the microphone besides the device. */
    audio?: MediaTrackConstraints;
    /** Milliseconds between two `quality` events of a call. 1000 unless given; 0: none. */
    qualityInterval?: number;
    /** Passwords: by a ticket (the status of a refusal is known, works in Safari), by the address of the socket, or whichever works. `auto` unless given. */
    passwordMethod?: 'auto' | 'ticket' | 'url';
}

export interface PasswordCredentials {
    username: string;
    password: string;
    /** A number of this user, when there are several; the directory decides otherwise. */
    dialString?: string;
}

export interface TokenCredentials {
    /** Fetches a JSON Web Token from your backend. Called for the log-in and each time before the token expires (same nonce: calls go on). */
    tokenProvider: (context: { nonce: string | null; attempt: number }) => Promise<string> | string;
    username?: string;
    dialString?: string;
    /** False: only place calls, no number of its own (“call me”). True unless given. */
    register?: boolean;
}

/** A return after a push (technote §9.5.2). */
export interface WakeupCredentials {
    wakeupToken: string;
}

export type Credentials = PasswordCredentials | TokenCredentials | WakeupCredentials;

export interface LoginStatus {
    state: LoginState;
    previous: LoginState;
    reason?: DiscReason;
    error?: AnynodeError;
    /** While reconnecting: milliseconds until the next try. */
    retryIn?: number;
}

/** The technote companion's three handlers; the same as the events `loginstatus`, `incomingcall` and `restoredcall`. */
export interface LoginHandlers {
    onLoginStatus?(status: LoginStatus): void;
    onIncomingCall?(call: anynodeWebRtcCall): void;
    /** A call that was there before the page was: after a reload, or a restart of the browser. */
    onRestoredCall?(call: anynodeWebRtcCall): void;
}

export interface LoginInfo {
    localAddress: Address | null;
    /** What the server calls itself. */
    serverDescription: string | null;
    /** How it was done. */
    by: 'credentials' | 'identifier' | 'wakeupToken';
    /** From the notifier's configuration (technote §8.1.8). */
    notificationConfiguration?: unknown;
}

export interface MediaOptions {
    /** Plays the other side. Made by the SDK where not given. */
    audio?: HTMLAudioElement;
    /** Shows the other side's picture. */
    video?: HTMLVideoElement;
    /** Shows the own picture. */
    preview?: HTMLVideoElement;
    /** Send the camera's picture from the beginning. */
    withVideo?: boolean | MediaTrackConstraints;
}

export interface Devices {
    microphones: MediaDeviceInfo[];
    cameras: MediaDeviceInfo[];
    speakers: MediaDeviceInfo[];
}

/** What the last interval sounded like, from getStats. */
export interface CallQuality {
    /** Estimated mean opinion score, 1 (bad) to 4.5 (as good as it gets): E-model of ITU-T G.107, simplified; null without received packets. */
    mos: number | null;
    /** Share of the packets lost on their way to us, 0–1. */
    loss: number;
    /** Milliseconds. */
    jitter: number;
    /** Milliseconds there and back, null when not known yet. */
    roundTrip: number | null;
    /** Levels 0–1. */
    levelIn: number;
    levelOut: number;
    /** Totals of this RTCPeerConnection. */
    packetsSent: number; packetsReceived: number; packetsLost: number; bytesSent: number; bytesReceived: number;
    videoFramesReceived: number; videoFramesSent: number;
    /** How the media goes: `host`, `srflx`, `prflx` or `relay` of the own side; null when not connected. */
    path: string | null;
}

export interface InstanceEvents {
    loginstatus: CustomEvent<LoginStatus>;
    incomingcall: CustomEvent<{ call: anynodeWebRtcCall }>;
    restoredcall: CustomEvent<{ call: anynodeWebRtcCall }>;
    /** Any call came, changed or went: redraw. */
    change: Event;
    /** A device was plugged in or out, or its permission changed. */
    devicechange: CustomEvent<Devices>;
    /** Something failed that no promise tells of: autoplay, a device that vanished. */
    error: CustomEvent<{ error: AnynodeError; call?: anynodeWebRtcCall }>;
    /** Each message of the protocol, secrets shortened: for logs. Direction `note` carries text of the SDK's own. */
    message: CustomEvent<{ direction: 'in' | 'out' | 'note'; message: object | string }>;
}

/** The telephone: a registration at the server, and the calls on it. */
export declare class anynodeWebRtcInstance extends EventTarget {
    constructor(options?: InstanceOptions);
    readonly loginState: LoginState;
    readonly isRegistered: boolean;
    /** The own number and name, once registered. */
    readonly localAddress: Address | null;
    readonly username: string | null;
    /** The calls that have not ended, oldest first. */
    readonly calls: readonly anynodeWebRtcCall[];
    /** The one that is talking, if any. */
    readonly activeCall: anynodeWebRtcCall | null;
    readonly notificationConfiguration: unknown;
    /** Whether the server has said that it stored the notification token: this client can be woken. */
    readonly canBeWoken: boolean;

    /**
     * Logs in; resolves when registered. Comes back first by a wakeup token in the page's address (`?wakeupToken=`, removed from it) or by what
     * the storage kept of the same user, so that a reload keeps the calls; the credentials are for the case that this fails.
     * Rejects with an AnynodeError and is logged out then; it does not try again by itself. Once logged in, a lost connection is made again until
     * `logout`, or until the server ends the registration.
     */
    login(credentials: Credentials, handlers?: LoginHandlers): Promise<LoginInfo>;
    /** Comes back by wakeup token or storage only; null when there is nothing to come back to, or it is over. */
    resume(handlers?: LoginHandlers): Promise<LoginInfo | null>;
    /** Ends calls and registration. Never rejects. */
    logout(): Promise<void>;
    /** How to wake this client when it sleeps (technote §9.3): told now and with each later registration. Resolves when it is stored durably. */
    setNotification(token: string | object, url?: string): Promise<void>;

    /** Places a call; the call object is there at once. Its promise `connected` tells how it goes. */
    call(dialString: string, options?: MediaOptions): anynodeWebRtcCall;

    /** After `autoplayBlocked`: from a click, plays what could not be played. */
    resumeAudio(): Promise<void>;
    devices(): Promise<Devices>;
    /** For the calls that are on and those to come; null: the system's choice. */
    setMicrophone(deviceId: string | null): Promise<void>;
    setCamera(deviceId: string | null): Promise<void>;
    /** Rejects with `notSupported` where the browser can't. */
    setSpeaker(deviceId: string | null): Promise<void>;
    /** Plays a tone to try a loudspeaker; stops by itself. */
    testSpeaker(): Promise<void>;

    addEventListener<K extends keyof InstanceEvents>(type: K, listener: (event: InstanceEvents[K]) => void, options?: boolean | AddEventListenerOptions): void;
    addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

export interface CallEnd {
    reason: DiscReason;
    error?: AnynodeError;
    /** Milliseconds from answer to end; 0 when it was not answered. */
    duration: number;
}

export interface CallEvents {
    statechange: CustomEvent<{ state: CallState; previous: CallState; reason?: DiscReason }>;
    /** Talking for the first time. */
    connected: Event;
    ended: CustomEvent<CallEnd>;
    /** The other side is somebody else now (transfer), or has a name now. */
    remotechange: CustomEvent<{ remoteAddress: Address }>;
    /** Mute, video, screen, remote tracks: anything of the media that can be seen changed. */
    mediachange: Event;
    quality: CustomEvent<CallQuality>;
    error: CustomEvent<{ error: AnynodeError }>;
}

/** One call. Made by `instance.call` or handed to the handlers; `new` is for the SDK alone. */
export declare class anynodeWebRtcCall extends EventTarget {
    private constructor();
    readonly identifier: string;
    readonly direction: 'incoming' | 'outgoing';
    readonly state: CallState;
    /** Why it ended, or why the last request was refused. */
    readonly reason: DiscReason | null;
    readonly remoteAddress: Address;
    readonly localAddress: Address | null;
    /** Wall clock, milliseconds; null before. */
    readonly startedAt: number;
    readonly answeredAt: number | null;
    readonly endedAt: number | null;
    /** Milliseconds of talking until now. */
    readonly duration: number;
    /** Incoming, and waits to be answered or rejected. */
    readonly isOffered: boolean;
    /** Talking or on hold. */
    readonly isEstablished: boolean;
    readonly isMuted: boolean;
    /** This side sends its camera's picture. */
    readonly isVideoOn: boolean;
    readonly isScreenShared: boolean;
    /** The other side sends a picture. */
    readonly hasRemoteVideo: boolean;
    /** The caller would like to show its picture: known before the answer. */
    readonly offersVideo: boolean;
    /** Whether the sound has a path: that of RTCPeerConnection, or `none`. */
    readonly mediaState: RTCPeerConnectionState | 'none';
    readonly remoteStream: MediaStream | null;
    readonly quality: CallQuality | null;
    /** Resolves when talking; rejects when the call ends before, with `callEnded` and the reason, or with what kept it from being made. */
    readonly connected: Promise<this>;
    /** Resolves when the call has ended; never rejects. */
    readonly ended: Promise<CallEnd>;

    /** Tells the caller that it rings here; needed only with `autoRing: false`. */
    ring(): void;
    /** Takes the call; the microphone comes first. Resolves when talking. */
    answer(options?: MediaOptions): Promise<void>;
    reject(): void;
    /** Rejects as busy. */
    busy(): void;
    /** Ends it in any state; made good when the connection is lost meanwhile. */
    hangUp(): void;
    /** Resolve when the server confirms; reject with `requestRefused`, `callEnded` or `invalidState`. */
    hold(): Promise<void>;
    retrieve(): Promise<void>;
    /** Attended with another call of this phone, blind with a number. Resolves when this side is out (`transferred`). */
    transfer(target: anynodeWebRtcCall | string): Promise<void>;
    /** DTMF over RTP (RFC 4733): `0–9 A–D * #` and `,` for a pause of two seconds. Resolves when sent. Milliseconds. */
    sendDigits(digits: string, options?: { duration?: number; gap?: number }): Promise<void>;
    mute(): void;
    unmute(): void;
    startVideo(constraints?: MediaTrackConstraints): Promise<void>;
    stopVideo(): Promise<void>;
    /** In the place of the camera, until `stopScreenShare` or the browser's own “stop”. */
    startScreenShare(): Promise<void>;
    stopScreenShare(): Promise<void>;
    /** Elements that play and show the call, from now on. */
    attach(elements: { audio?: HTMLAudioElement; video?: HTMLVideoElement; preview?: HTMLVideoElement }): void;
    /** What getStats says since the last asking. */
    getQuality(): Promise<CallQuality | null>;
    /** Repairs the media path; the SDK does it by itself when the path fails or the network changes. */
    restartIce(): Promise<void>;

    addEventListener<K extends keyof CallEvents>(type: K, listener: (event: CallEvents[K]) => void, options?: boolean | AddEventListenerOptions): void;
    addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}
