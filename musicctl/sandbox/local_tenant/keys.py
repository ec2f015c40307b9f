"""The tenant's signing keys in storage: made at first use, rotated and revoked by any process."""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key

from musicctl.sandbox.local_tenant.storage import Storage


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair and its name, which is the start of the hash of its public half."""

    private: RSAPrivateKey
    public: RSAPublicKey
    kid: str


def versions(storage: Storage) -> tuple[int, ...]:
    """Return what changes when the keys do, and costs little to ask for."""
    return tuple(seq for (seq,) in storage.rows("SELECT seq FROM signing_keys ORDER BY seq"))


def pairs(storage: Storage) -> tuple[KeyPair, ...]:
    """Return the key pair that signs, then the previous ones, whose signatures are still good."""
    with storage.writing():
        if not versions(storage):
            _add(storage)
        found = storage.rows("SELECT pem FROM signing_keys ORDER BY seq DESC")
    return tuple(_pair(pem) for (pem,) in found)


def rotate(storage: Storage) -> None:
    """Sign with a new key from now on; the previous one stays published, and its tokens good."""
    with storage.writing():
        if not versions(storage):
            _add(storage)
        _add(storage)


def revoke(storage: Storage) -> None:
    """Forget the previous keys: tokens that they signed are refused from now on."""
    storage.write("DELETE FROM signing_keys WHERE seq < (SELECT max(seq) FROM signing_keys)")


def _add(storage: Storage) -> None:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    storage.write("INSERT INTO signing_keys (pem) VALUES (?)", pem.decode())


def _pair(pem: str) -> KeyPair:
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(private, RSAPrivateKey)
    public = private.public_key()
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    text = public.public_bytes(serialization.Encoding.DER, kind)
    return KeyPair(private, public, hashlib.sha256(text).hexdigest()[:24])
