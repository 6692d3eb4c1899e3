package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// algorithmsOf is the table of keys: what may verify under this one.
func algorithmsOf(leaf *x509.Certificate) []jose.SignatureAlgorithm {
	switch key := leaf.PublicKey.(type) {
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return []jose.SignatureAlgorithm{jose.ES256}
		case elliptic.P384():
			return []jose.SignatureAlgorithm{jose.ES384}
		}
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits >= 2048 && bits <= 4096 && key.E >= 65537 && key.E%2 == 1 {
			return []jose.SignatureAlgorithm{jose.PS256, jose.RS256}
		}
	}
	return nil
}

var keyUsageOID = asn1.ObjectIdentifier{2, 5, 29, 15}

// checkLeaf is step 3; strictness of DER is what crypto/x509 gives.
func checkLeaf(chain []*x509.Certificate) (spiffeid.ID, error) {
	leaf, none := chain[0], spiffeid.ID{}
	isCritical := slices.ContainsFunc(leaf.Extensions, func(e extension) bool {
		return e.Id.Equal(keyUsageOID) && e.Critical
	})
	switch {
	case slices.ContainsFunc(chain, isWeak):
		return none, errors.New("a weak key, or not version 3")
	case leaf.IsCA || leaf.KeyUsage&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0:
		return none, errors.New("the leaf is a CA")
	case !isCritical || leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return none, errors.New("the leaf may not sign")
	case len(leaf.URIs) != 1 || len(algorithmsOf(leaf)) == 0:
		return none, errors.New("not one URI SAN, or another key")
	}
	written, err := rawURI(leaf)
	if err != nil {
		return none, err
	}
	id, err := spiffeid.FromString(written)
	if err == nil && (id.Path() == "" || strings.HasPrefix(id.Path(), "/spire/")) {
		err = errors.New("the ID has no path, or a reserved one")
	}
	return id, err
}

func isWeak(certificate *x509.Certificate) bool {
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	return certificate.Version != 3 || ok && (key.N.BitLen() < 2048 || key.E < 65537)
}

// rawURI is the SAN as written: url.URL has normalised it already.
func rawURI(leaf *x509.Certificate) (string, error) {
	for _, extension := range leaf.Extensions {
		if !extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		var names []asn1.RawValue
		if _, err := asn1.Unmarshal(extension.Value, &names); err != nil {
			return "", err
		}
		for _, name := range names {
			if name.Class == asn1.ClassContextSpecific && name.Tag == 6 {
				return string(name.Bytes), nil
			}
		}
	}
	return "", errors.New("no URI SAN")
}

// checkPath is step 4 without iat.
func checkPath(chain []*x509.Certificate, bundle []string, domain spiffeid.TrustDomain, now time.Time) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, text := range bundle {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		root, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		roots.AddCert(root)
	}
	for _, certificate := range chain[1:] {
		intermediates.AddCert(certificate)
	}
	paths, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err = checkIssuers(path, domain); err == nil {
			return nil
		}
	}
	return err
}

// checkIssuers adds what crypto/x509 leaves open.
func checkIssuers(path []*x509.Certificate, domain spiffeid.TrustDomain) error {
	if len(path[0].PermittedURIDomains)+len(path[0].ExcludedURIDomains) > 0 {
		return errors.New("the leaf constrains names")
	}
	for _, issuer := range path[1:] {
		if issuer.KeyUsage&x509.KeyUsageCertSign == 0 {
			return errors.New("an issuer may not sign certificates")
		}
		if hasPolicyConstraints(issuer) {
			return errors.New("an issuer requires policies")
		}
		if len(issuer.URIs) > 1 || len(issuer.URIs) == 1 && issuer.URIs[0].String() != domain.IDString() {
			return errors.New("an issuer of another trust domain")
		}
	}
	return nil
}

func hasPolicyConstraints(issuer *x509.Certificate) bool {
	return slices.ContainsFunc(issuer.Extensions, func(e extension) bool {
		return e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 36})
	})
}
