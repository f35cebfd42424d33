import FCMNotifier
import LDAPDirectory
import PluginAPI
import SQLiteStore
import StaticDirectory
import WNSNotifier

/// Every kind of plugin this server knows. A new plugin is one line here.
enum PluginCatalog {
    static let all: [any Plugin.Type] = [
        StaticDirectoryPlugin.self,
        LDAPDirectoryPlugin.self,
        FCMNotifierPlugin.self,
        WNSNotifierPlugin.self,
        SQLiteStorePlugin.self,
    ]
}
