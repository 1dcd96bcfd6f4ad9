package alert

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KeyFile is the name of the key's file in the data folder.
const KeyFile = "secret.key"

// Box encrypts what must not be read in the database: AES-256-GCM under the key of a file. It is safe for concurrent use.
type Box struct{ gcm cipher.AEAD }

// OpenBox reads the key of a data folder, and makes one where there is none, for its owner alone.
func OpenBox(data string) (*Box, error) {
	path := filepath.Join(data, KeyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key that channels are encrypted with: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s holds no key: 64 hex digits; put the right file there from a backup, or remove it and add the channels anew", path)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	return &Box{gcm}, err
}

// makeKey never overwrites: of two programs that make one at once, the first wins.
func makeKey(path string) ([]byte, error) {
	var key [32]byte
	rand.Read(key[:]) // never fails
	text := []byte(hex.EncodeToString(key[:]) + "\n")
	file, err := os.CreateTemp(filepath.Dir(path), ".key-*") // 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// Seal encrypts.
func (b *Box) Seal(plain []byte) []byte {
	nonce := make([]byte, b.gcm.NonceSize())
	rand.Read(nonce)
	return b.gcm.Seal(nonce, nonce, plain, nil)
}

// Unseal decrypts what Seal made under the same key.
func (b *Box) Unseal(sealed []byte) ([]byte, error) {
	n := b.gcm.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("too short to be sealed")
	}
	plain, err := b.gcm.Open(nil, sealed[:n], sealed[n:], nil)
	if err != nil {
		return nil, fmt.Errorf("it was sealed under another key than %s holds; remove the channel and add it anew", KeyFile)
	}
	return plain, nil
}
