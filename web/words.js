// What people read: reasons, states and errors of the protocol in words.

const endings = {
    normal: 'The call has ended.',
    cancelled: 'The caller hung up before the call was answered.',
    rejected: 'The call was declined.',
    busy: 'The line is busy.',
    noAnswer: 'Nobody answered.',
    notFound: 'There is no such number.',
    unavailable: 'That number can’t be reached right now.',
    answeredElsewhere: 'Answered on another device.',
    transferred: 'The call was transferred.',
    connectionLost: 'The connection was lost.',
    expired: 'The access has expired.',
    replaced: 'Another window took over this registration.',
    administrator: 'Ended by the administrator.',
    shutdown: 'The server is shutting down.',
    forbidden: 'You may not do this.',
    notRegistered: 'You are not registered.',
    directoryUnavailable: 'The directory does not answer right now.',
    invalidIdentifier: 'The server refused the call’s identifier.',
    unknownIdentifier: 'The server does not know this call any more.',
    duplicateIdentifier: 'The server knows a call with this identifier already.',
    invalidState: 'This is not possible in the call’s present state.',
    invalidMessage: 'The server did not understand the request.',
    overload: 'The server has too much to do right now.',
    internal: 'The server had an internal error.',
};

const states = {
    dialing: 'Dialling …',
    offered: 'Incoming call',
    ringing: 'Ringing …',
    active: 'Connected',
    held: 'On hold by you',
    holding: 'On hold by the other side',
    terminating: 'Hanging up …',
    terminated: 'Ended',
};

export function reasonInWords(reason) {
    if (!reason) return 'The call has ended.';
    return endings[reason] ?? `The server says: ${reason}.`;
}

export function stateInWords(state) {
    return states[state] ?? state;
}

export function registrationFailureInWords(reason, username) {
    switch (reason) {
        case 'notFound': return `The directory has no number for “${username}”.`;
        case 'forbidden': return `You are not allowed to register as “${username}”.`;
        default: return reasonInWords(reason);
    }
}

/** The browser hides the status of a refused WebSocket, so both causes are named, with what else is known. */
export function connectionFailureInWords(serverDoesAnswer) {
    const both = 'Log-in failed: wrong user name or password, or no connection to the server. '
        + 'The browser does not tell which.';
    return serverDoesAnswer
        ? `${both} The server does answer web requests, so check user name and password first.`
        : `${both} The server does not answer web requests either, so check the connection first.`;
}

export function microphoneFailureInWords(name) {
    switch (name) {
        case 'NotAllowedError':
            return 'The microphone was refused. Allow it for this page in the browser’s address bar, then try again.';
        case 'NotFoundError':
            return 'No microphone was found. Connect one, then try again.';
        case 'NotReadableError':
            return 'The microphone can’t be opened. Another program may be using it.';
        case 'SecurityError':
            return 'The browser gives the microphone only to pages loaded by https or from localhost.';
        default:
            return `The microphone can’t be used (${name}).`;
    }
}

export function partyInWords({ displayName, dialString } = {}) {
    return displayName || dialString || 'Unknown';
}

export function durationInWords(milliseconds) {
    const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
    const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
    const two = (number) => String(number).padStart(2, '0');
    return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${two(minutes)}:${two(rest)}`;
}
