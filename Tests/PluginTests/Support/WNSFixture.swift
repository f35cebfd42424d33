import PluginAPI
import PushSimulator
import StrictJSON
import WNSNotifier

/// WNSNotifier's settings for a push simulator, and channels there.
extension PushFixture {
    /// How applications log in: through Microsoft Entra ID, or as those of the Store do.
    enum WNSLogIn: Sendable, CaseIterable {
        case entra, store
    }

    func wns(_ logIn: WNSLogIn = .entra, _ changes: [String: JSONValue?] = [:]) -> JSONValue {
        let microsoft = MicrosoftApplications()
        var object = JSONObject()
        switch logIn {
        case .entra:
            object["entra"] = [
                "tenant": .string(microsoft.tenant), "client": .string(microsoft.client),
                "secret": .string(microsoft.secret), "endpoint": .string(self.simulator.origin),
            ]
        case .store:
            object["legacy"] = [
                "packageSID": .string(microsoft.packageSID), "secret": .string(microsoft.packageSecret),
                "endpoint": .string(self.simulator.origin),
            ]
        }
        object["simulator"] = .string("127.0.0.1:\(self.simulator.port)")
        object["authorities"] = .string("\(self.folder.path)/authority.pem")
        object["proxy"] = ""
        object["connectTimeout"] = "30s"
        for (name, value) in changes { object[name] = value }
        return .object(object)
    }

    func startWNS(_ logIn: WNSLogIn = .entra, _ changes: [String: JSONValue?] = [:]) async throws -> WNSNotifierPlugin {
        try await self.start(WNSNotifierPlugin.self, self.wns(logIn, changes))
    }

    /// A channel of the simulator.
    func channel(_ name: String = "one", of logIn: WNSLogIn = .entra) -> NotificationTarget {
        let folder = logIn == .store ? "uwp/" : ""
        return NotificationTarget(
            token: [
                "service": "wns", "channelUri": .string("\(self.simulator.origin)/channels/\(folder)?token=\(name)"),
            ]
        )
    }
}
