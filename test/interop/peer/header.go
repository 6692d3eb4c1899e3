package main

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	sealType     = "nodefeature-seal+jws"
	maxSeal      = 65_536
	maxChain     = 8
	maxChainDER  = 32_768
	maxCovered   = 64
	skew         = 60_000
	maxAge       = 24 * 60 * 60 * 1000
	maxIssuedAt  = 1<<53 - 1
	clusterClaim = "cluster"
)

// header is the protected header; json finds no member twice, so members are counted beside it.
type header struct {
	Type        string   `json:"typ"`
	Algorithm   string   `json:"alg"`
	Chain       []string `json:"x5c"`
	IssuedAt    rawText  `json:"iat"`
	Cluster     string   `json:"cluster"`
	Labels      []string `json:"labels"`
	Annotations []string `json:"annotations"`
}

// rawText keeps a number as it is written.
type rawText string

func (t *rawText) UnmarshalJSON(text []byte) error {
	*t = rawText(text)
	return nil
}

var (
	base64URL   = base64.RawURLEncoding.Strict()
	integer     = regexp.MustCompile(`^[1-9][0-9]{0,15}$`)
	nodeName    = regexp.MustCompile(`\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z`)
	memberNames = []string{"alg", "annotations", clusterClaim, "iat", "labels", "typ", "x5c"}
)

func parseSeal(text string) (*header, error) {
	if text == "" || len(text) > maxSeal {
		return nil, errors.New("no seal, or too large")
	}
	// Decoders skip line breaks.
	parts := strings.Split(text, ".")
	if len(parts) != 3 || parts[1] != "" || parts[2] == "" || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("not header..signature")
	}
	if _, err := base64URL.DecodeString(parts[2]); err != nil {
		return nil, err
	}
	protected, err := base64URL.DecodeString(parts[0])
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(protected) || hasLoneSurrogate(string(protected)) {
		return nil, errors.New("header of ill-formed Unicode")
	}
	if names, err := topLevelNames(protected); err != nil || !slices.Equal(names, memberNames) {
		return nil, errors.New("header has not exactly the known members")
	}
	head := &header{}
	if err := json.Unmarshal(protected, head); err != nil {
		return nil, err
	}
	issuedAt, err := strconv.ParseInt(string(head.IssuedAt), 10, 64)
	switch {
	case head.Type != sealType:
		return nil, errors.New("another typ")
	case err != nil || !integer.MatchString(string(head.IssuedAt)) || issuedAt > maxIssuedAt:
		return nil, errors.New("iat is no time")
	case head.Chain == nil || head.Labels == nil || head.Annotations == nil:
		return nil, errors.New("null in the header")
	case len(head.Labels)+len(head.Annotations) > maxCovered || !isSorted(head.Labels) || !isSorted(head.Annotations):
		return nil, errors.New("too many covered keys, or unsorted")
	case !slices.Contains(head.Labels, nodeNameLabel) || slices.Contains(head.Annotations, sealAnnotation):
		return nil, errors.New("covers too little or itself")
	}
	return head, nil
}

// topLevelNames gives the member names as they come, sorted; a name twice is there twice.
func topLevelNames(text []byte) ([]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		names = append(names, fmt.Sprint(name))
	}
	slices.Sort(names)
	return names, nil
}

// isSorted compares UTF-16 code units and allows no key twice.
func isSorted(keys []string) bool {
	for i := 1; i < len(keys); i++ {
		if slices.Compare(utf16.Encode([]rune(keys[i-1])), utf16.Encode([]rune(keys[i]))) >= 0 {
			return false
		}
	}
	return true
}

func decodeChain(texts []string) ([]*x509.Certificate, error) {
	if len(texts) == 0 || len(texts) > maxChain {
		return nil, errors.New("too few or too many certificates")
	}
	var chain []*x509.Certificate
	size := 0
	for _, text := range texts {
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || strings.ContainsAny(text, "\r\n") {
			return nil, errors.New("x5c is not base64")
		}
		size += len(der)
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		chain = append(chain, certificate)
	}
	if size > maxChainDER {
		return nil, errors.New("x5c is too large")
	}
	return chain, nil
}
