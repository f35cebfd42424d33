import Core
import PluginAPI
import Telephony
import Testing

/// Tokens that others made, so that we are not judged by ourselves alone.
@Suite("Access tokens of other makers")
struct TokenVectorTests {
    private static let issuer = "https://interop.example"
    /// The public half of a key that was thrown away after it had signed these tokens.
    private static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA9nYiqky5LYi7mohaSS/3
        JGZyRcgVlfwGyHuiZitPq/j+tpwap104ee4/+qRs+Nnbvnxnv/5gt1Vj/ISA7S5O
        PQa/ntOEI4wazmRAoKXpKnoL/Q5w+Pdhpdral0bvqS7WaX10ZXwPw1K2LhBFuJuP
        +R/RDAaVBcpnA1AX/MwNHw5eHUZdmu5jC3k+i8SR6IekIg6/rkcnkuj+T3f9qxMW
        DmkSRaAOL2DPSmFWZFk/dFYw8nh4K+btEei70XdSgPGMdcWYXjxYtdcIk/G6tttu
        dcPpvIKpfvKKEIUZTp0oxcUs0tPQ+RXNFi9OuUWG/1dDDF8mn7We3ns+x57J9hoL
        FQIDAQAB
        -----END PUBLIC KEY-----
        """

    private func verifier(_ algorithm: TokenAlgorithm, _ key: TokenIssuer.Key) throws -> TokenVerifier {
        try TokenTests.verifier([TokenIssuer(name: Self.issuer, algorithm: algorithm, key: key)])
    }

    private func check(_ verdict: TokenVerdict) throws {
        guard case .accepted(let token) = verdict else {
            Issue.record("expected a token to be accepted, found \(verdict)")
            return
        }
        #expect(token.issuer == Self.issuer)
        #expect(token.username?.text == "alice")
        #expect(token.expiry == CalendarTime(milliseconds: 1_800_000_300_000))
        #expect(token.renewalKey != nil)
    }

    @Test(
        "HS256 by the technote's sample key (§4.2.4), as PyJWT, python-jose and joserfc sign",
        arguments: [
            // PyJWT and python-jose
            "eyJhbGciOiJIUzI1NiIsIm5vbmNlIjoibi0xNyIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2ludGVyb3AuZ"
                + "XhhbXBsZSIsImV4cCI6MTgwMDAwMDMwMCwidXNlcm5hbWUiOiJhbGljZSJ9.q4H0znMg33CKtz0ka1-3q-IjJdNi-R"
                + "tI8Fjy-hxAJ1Q",
            // joserfc
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsIm5vbmNlIjoibi0xNyJ9.eyJpc3MiOiJodHRwczovL2ludGVyb3AuZ"
                + "XhhbXBsZSIsImV4cCI6MTgwMDAwMDMwMCwidXNlcm5hbWUiOiJhbGljZSJ9.0UtnMGYLRwFmNcFqcyv1cxmBTGZ0E0"
                + "T8gsAVlmSVEdU",
        ]
    )
    func sampleKey(token: String) throws {
        let verifier = try self.verifier(.hs256, .secret(Secret("$C&F)J@McQfTjWnZr4u7x!A%D*G-KaPd")))
        try self.check(verifier.verify(token))
    }

    @Test(
        "RS256, as PyJWT, python-jose and joserfc sign",
        arguments: [
            // PyJWT and python-jose
            "eyJhbGciOiJSUzI1NiIsIm5vbmNlIjoibi0xNyIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2ludGVyb3AuZ"
                + "XhhbXBsZSIsImV4cCI6MTgwMDAwMDMwMCwidXNlcm5hbWUiOiJhbGljZSJ9.vL0XtCEw86lntFRFdjKtLm4re5qDO2"
                + "T2dx8nrs9hAvJ-VbNzY7sbanUk2hTi-oUNLgN9VAM7lM_MHEwEkeHExdTxpcre2nU55MEISOTIZ4jSM5ECz3NY0ppq"
                + "bx5QSaqMxdwzrLMFQkLEiaoSmgM4YS_Pe1GlAKckxyYSQCylKWtMCS5YWRdScCSqVDUfKf7uD1Ytt41V9uI-D93s4w"
                + "-D9Bv7a835j6sQnPrBm5Gh9gS-T49DyW2aXlkG1TOBqU-iJOYb6wsIwbIPtMzQnwnRPDDf2eTaa868faW_kRr3SkB-"
                + "eKrdnw1ROuUy1Lq3jUFY--BHHZIv6yAExoVbj_Xpfg",
            // joserfc
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIm5vbmNlIjoibi0xNyJ9.eyJpc3MiOiJodHRwczovL2ludGVyb3AuZ"
                + "XhhbXBsZSIsImV4cCI6MTgwMDAwMDMwMCwidXNlcm5hbWUiOiJhbGljZSJ9.vKHPEjnkP0w775_mKWb3FsiPPbrT-q"
                + "AFVfphhKs9bINi56nrHCNseyxAiDbAWtk9_Gn51QIvFyxVwZhEV2GJj8r-vnk1n1NOlVWWsLP5yZm7DwmnMJuWUxFh"
                + "197Ai6USgbjX3OWwpMAlypi4IUVL3Eoj8K18Y2XnhJD3Hh6rLKefebl0bk7gNamaCeAWHkA2Ce0QBsNGu3W9bbbcMe"
                + "xQk_fnM_QtwXgJYUEd05Anok4pt3UQ1uPREwc8pP9ydNXLHZ2eiL3EFlCKFgsXjRK530EOAtiG7DwnI-LI_EJiWcfK"
                + "90F-YyoDOxWgW_sdmOgqkbbFm1bXF87FqiFH8rvKCQ",
        ]
    )
    func publicKeys(token: String) throws {
        let folder = TemporaryFolder()
        let path = try folder.write(Self.publicKey, to: "key.pem")
        let verifier = try self.verifier(.rs256, .publicKey(path))
        try self.check(verifier.verify(token))
    }

    @Test("RFC 7515 A.2: the signature of the example is right, and of no other text")
    func rs256Example() throws {
        let modulus =
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0B"
            + "m4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5"
            + "z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7"
            + "aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
        let signed =
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"
            + "mNvbS9pc19yb290Ijp0cnVlfQ"
        let signature =
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2F"
            + "p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQB"
            + "MHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeY"
            + "I2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        let key = try RSAPublicKey(modulus: Base64URL.decode(modulus), exponent: [1, 0, 1])
        #expect(key.isSignature(Base64URL.decode(signature), of: Array(signed.utf8)))
        #expect(!key.isSignature(Base64URL.decode(signature), of: Array(signed.utf8.dropLast())))
    }
}
