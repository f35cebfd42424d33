// The words of the protocol, as constants.

const login = ['loggedOut', 'connecting', 'connected', 'registered', 'reconnecting', 'loggingOut'];
const call = ['dialing', 'offered', 'ringing', 'active', 'held', 'holding', 'terminating', 'terminated'];
const reasons = [
    'success', 'normal', 'cancelled', 'rejected', 'busy', 'noAnswer', 'notFound', 'unavailable', 'answeredElsewhere', 'transferred',
    'connectionLost', 'expired', 'replaced', 'administrator', 'shutdown', 'forbidden', 'notRegistered', 'alreadyRegistered',
    'directoryUnavailable', 'invalidIdentifier', 'unknownIdentifier', 'duplicateIdentifier', 'invalidState', 'invalidMessage',
    'overload', 'internal',
];

/** `noAnswer` is known as `NO_ANSWER`. */
function constants(words) {
    return Object.freeze(Object.fromEntries(words.map((word) => [word.replace(/[A-Z]/g, '_$&').toUpperCase(), word])));
}

export const LOGIN_STATES = constants(login);
export const CALL_STATES = constants(call);
export const DISC_REASON = constants(reasons);
