/// How a plugin is.
public enum PluginHealth: Sendable, Equatable {
    /// Everything works.
    case ok
    /// It answers, but not as it should: slowly, from a stale copy, in part. The text says what an operator should know.
    case degraded(String)
    /// It cannot answer. The text says what an operator should do about it.
    case failed(String)
}

/// What a plugin throws when the reason matters to the host. Any other error counts as ``unavailable(_:)``.
public enum PluginError: Error, Sendable, Equatable {
    /// The service behind the plugin did not answer. The text is for the log: no secrets.
    case unavailable(String)
    /// What the service behind the plugin says contradicts itself, for instance two owners of one number. An operator must
    /// mend the data; the service itself is well.
    case inconsistent(String)
    /// The settings are well-formed but cannot work, for instance a file that does not exist or two owners of a number.
    case invalidSettings(String)
    /// This plugin cannot change while it runs; make a new one.
    case cannotReconfigure
}
