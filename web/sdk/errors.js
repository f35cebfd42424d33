/** Every error of the SDK: told apart by `code` (docs/sdk.md, Errors). */
export class AnynodeError extends Error {
    constructor(code, message, { reason, retryAfter, cause } = {}) {
        super(message, cause === undefined ? undefined : { cause });
        this.name = 'AnynodeError';
        this.code = code;
        if (reason) this.reason = reason;
        if (retryAfter) this.retryAfter = retryAfter;
    }
}
