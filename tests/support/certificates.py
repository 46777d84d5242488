# SPDX-License-Identifier: Apache-2.0
"""Authorities and who they certify, made for one test in a folder of its own."""
import dataclasses
import datetime
import ipaddress
import os
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def general_name(text: str) -> x509.GeneralName:
    """A URI, an address or a DNS name, by its looks."""
    if "://" in text:
        return x509.UniformResourceIdentifier(text)
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def new_key(kind: str):
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


@dataclasses.dataclass
class Certificate:
    """On the disk: its PEM file and that of its key."""
    path: pathlib.Path
    key_path: pathlib.Path
    x509: x509.Certificate
    key: object

    def settings(self, section: str) -> dict[str, str]:
        return {f"{section}.tls.certificate": str(self.path), f"{section}.tls.key": str(self.key_path)}


def write_whole(path: pathlib.Path, content: bytes) -> None:
    """All of it or nothing, as a renewal does it."""
    part = path.with_name(path.name + ".part")
    part.touch(mode=0o600)
    part.write_bytes(content)
    os.replace(part, path)


class Authority:
    def __init__(self, folder: pathlib.Path, name: str = "Test CA"):
        self.folder = folder
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = new_key("ec")
        self.path = folder / f"{name.replace(' ', '-').lower()}.pem"
        self.x509 = self._sign(self.name, self.key.public_key(), now() - DAY, now() + 30 * DAY, [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True),
        ])
        write_whole(self.path, self.x509.public_bytes(serialization.Encoding.PEM))

    def _sign(self, name, public_key, begin, end, extensions):
        builder = (x509.CertificateBuilder().subject_name(name).issuer_name(self.name)
                   .public_key(public_key).serial_number(x509.random_serial_number())
                   .not_valid_before(begin).not_valid_after(end)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                       self.key.public_key()), False))
        for extension, is_critical in extensions:
            builder = builder.add_extension(extension, is_critical)
        return builder.sign(self.key, hashes.SHA256())

    def certify(self, label: str, *names: str, kind: str = "ec", days: float = 7,
                begin: datetime.datetime | None = None) -> Certificate:
        """Who is called by these names; days: until it ends, also in the past."""
        key = new_key(kind)
        begin = begin or now() - 2 * DAY
        extensions = [(x509.BasicConstraints(ca=False, path_length=None), True)]
        if names:
            extensions.append((x509.SubjectAlternativeName(map(general_name, names)), False))
        certificate = self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label)]),
                                 key.public_key(), begin, now() + days * DAY, extensions)
        made = Certificate(self.folder / f"{label}.pem", self.folder / f"{label}.key", certificate, key)
        write_whole(made.key_path, key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        write_whole(made.path, certificate.public_bytes(serialization.Encoding.PEM))
        return made

    def revoke(self, *certificates: Certificate) -> pathlib.Path:
        """A list that names them."""
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self.name)
                   .last_update(now() - DAY).next_update(now() + DAY))
        for each in certificates:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(each.x509.serial_number)
                .revocation_date(now() - DAY).build())
        path = self.folder / "crl.pem"
        write_whole(path, builder.sign(self.key, hashes.SHA256()).public_bytes(
            serialization.Encoding.PEM))
        return path
