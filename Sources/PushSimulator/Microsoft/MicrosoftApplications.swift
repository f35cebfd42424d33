/// The two applications the simulator knows: one for each log-in. Their tokens are not interchangeable.
package struct MicrosoftApplications: Sendable, Hashable {
    /// Of the application registered with Microsoft Entra ID; its channels are all but those below `/channels/uwp/`.
    package var tenant = "4d2f0000-1111-2222-3333-444455556666"
    package var client = "9b1e0000-aaaa-bbbb-cccc-ddddeeeeffff"
    package var secret = "entra~secret+with/signs=&"

    /// Of the application of the Store; its channels are below `/channels/uwp/`.
    package var packageSID =
        "ms-app://S-1-15-2-2972962901-2322836549-3722629029-1345238579-3987825745-2155616079-650196962"
    package var packageSecret = "Vex8L9WOFZuj95euaLrvSH7XyoDhLJc7"

    package init() {}
}
