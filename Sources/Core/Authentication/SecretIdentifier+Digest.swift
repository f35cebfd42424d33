package import Telephony

extension SecretIdentifier {
    /// What is written down instead of the secret.
    package var digest: SecretDigest {
        let text = self.secretText
        guard let digest = SecretDigest(MessageDigest.sha256(Array(text.utf8))) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        return digest
    }
}
