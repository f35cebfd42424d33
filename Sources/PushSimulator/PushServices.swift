internal import StrictJSON

/// Google and Microsoft in one: finds the endpoint a request is for, checks the request, and answers. On any event loop.
final class PushServices: Sendable {
    let account: ServiceAccount
    let microsoft: MicrosoftApplications
    let tokens: AccessTokens
    let script = AnswerScript()
    let journal: RequestJournal
    /// Seconds of Unix time.
    let now: @Sendable () -> Int

    init(
        account: ServiceAccount,
        microsoft: MicrosoftApplications,
        tokens: AccessTokens,
        journal: RequestJournal,
        now: @escaping @Sendable () -> Int
    ) {
        self.account = account
        self.microsoft = microsoft
        self.tokens = tokens
        self.journal = journal
        self.now = now
    }

    /// What a request comes to: success, or a complaint.
    enum Judgement {
        case accepted(SimulatedAnswer)
        case refused(String, SimulatedAnswer)
    }

    /// Answers a request and writes it into the journal.
    func answer(to request: PushRequest) -> SimulatedAnswer {
        var request = request
        let answer: SimulatedAnswer
        switch self.judge(&request) {
        case .accepted(let usual):
            answer = self.script.take(request.endpoint, request.target) ?? usual
        case .refused(let complaint, let refusal):
            request.complaint = complaint
            answer = refusal
        }
        switch answer.delivery {
        case .whole, .byteByByte, .cutOff, .wholeThenGoAway: request.answered = answer.status
        case .never, .resetStream, .resetConnection, .goAway: request.answered = nil
        }
        self.journal.add(request)
        return answer
    }

    private func judge(_ request: inout PushRequest) -> Judgement {
        let path = Array(request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst())
        let isFour = path.count == 4
        if path == ["token"] {
            request.endpoint = .googleToken
        } else if path == ["accesstoken.srf"] {
            request.endpoint = .liveToken
        } else if path.count >= 2, path[0] == "channels" {
            request.endpoint = .wns
        } else if isFour, path[0] == "v1", path[1] == "projects", path[3] == "messages:send" {
            request.endpoint = .fcm
        } else if isFour, path.dropFirst() == ["oauth2", "v2.0", "token"] {
            request.endpoint = .entraToken
        }
        if request.endpoint != .unknown, request.method != "POST" {
            return .refused("expected POST", .errorPage(status: 405))
        }
        switch request.endpoint {
        case .googleToken: return self.googleToken(&request)
        case .fcm: return self.fcm(&request)
        case .entraToken: return self.entraToken(&request)
        case .liveToken: return self.liveToken(&request)
        case .wns: return self.wns(&request)
        case .unknown: return .refused("no such path", .errorPage(status: 404))
        }
    }

    /// The fields of a form; every token endpoint wants one.
    func form(of request: inout PushRequest) -> Bool {
        guard request.hasContentType("application/x-www-form-urlencoded"), let form = FormFields.decode(request.body)
        else {
            return false
        }
        request.form = form
        return true
    }

    static func refusal(_ error: String, _ description: String, status: Int = 400) -> Judgement {
        .refused(description, .oauth(status, error, description))
    }
}
