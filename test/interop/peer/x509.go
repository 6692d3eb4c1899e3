package main

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

type extension = pkix.Extension

// pathRequest asks both libraries about one leaf. All certificates are base64 DER.
type pathRequest struct {
	Chain       []string
	Roots       []string
	TrustDomain string
	Now         time.Time
}

type pathAnswer struct {
	// Path is what crypto/x509 says, Svid what go-spiffe says; empty is accepted.
	Path string `json:"path"`
	Svid string `json:"svid"`
}

func answerPath(request *pathRequest) pathAnswer {
	chain := parseAll(request.Chain)
	if len(chain) == 0 || base64.StdEncoding.EncodeToString(chain[0].Raw) != request.Chain[0] {
		return pathAnswer{Path: "the leaf cannot be parsed", Svid: "the leaf cannot be parsed"}
	}
	roots := parseAll(request.Roots)
	return pathAnswer{Path: verifyPath(chain, roots, request.Now), Svid: verifySvid(chain, roots, request)}
}

// parseAll leaves out what cannot be parsed: that judges as mildly as can be.
func parseAll(texts []string) []*x509.Certificate {
	var all []*x509.Certificate
	for _, text := range texts {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			continue
		}
		if certificate, err := x509.ParseCertificate(der); err == nil {
			all = append(all, certificate)
		}
	}
	return all
}

func verifyPath(chain, roots []*x509.Certificate, now time.Time) string {
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	for _, root := range roots {
		options.Roots.AddCert(root)
	}
	for _, certificate := range chain[1:] {
		options.Intermediates.AddCert(certificate)
	}
	if _, err := chain[0].Verify(options); err != nil {
		return err.Error()
	}
	return ""
}

func verifySvid(chain, roots []*x509.Certificate, request *pathRequest) string {
	domain, err := spiffeid.TrustDomainFromString(request.TrustDomain)
	if err != nil {
		return err.Error()
	}
	bundle := x509bundle.FromX509Authorities(domain, roots)
	if _, _, err := x509svid.Verify(chain, bundle, x509svid.WithTime(request.Now)); err != nil {
		return err.Error()
	}
	return ""
}
