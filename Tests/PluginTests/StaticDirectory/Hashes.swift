/// Hashes of the password `demo`, made as cheap as each method allows, since tests compute hundreds.
enum Hashes {
    static let yescrypt = "$y$j75$80YF2CpzgxPDHCNbYWwKW1$vufSRcaPPHbVzibbeCTwt45.opmpAJgvDtmwWYhZd7C"
    static let scrypt = "$7$BU..../....57GNO/DGX7QEmC5d3l9ea/$ldTx1cjL0ufXinyMNNzQJ76eWIInqrKpznv0.YEF7BC"
    static let bcrypt = "$2b$04$vdm0Wj1d.qQ4M1n531ip..ySmpyuOOHYQYtp/W.tsqje7/Vj.aVA2"
    static let sha512 =
        "$6$rounds=1000$WXQApDsvDDNCiOva$cdtQUpVFlxMuxM31NjGznNW6HorzLJ/a79GSXiwDEYzcQCAM3kduRAuDD1rz9cGEp77xvft8VJWA/V4t0lbsN0"
    static let sha256 = "$5$rounds=1000$o5EcCj8lJ4WNGkBA$FFh68NxMbPv95rSfZiPSDFPYeG0sX5.xmVKxfZn5D.2"

    static let all = [yescrypt, scrypt, bcrypt, sha512, sha256]
}
