package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	jose "github.com/go-jose/go-jose/v4"
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

type sealRequest struct {
	Operation   string
	NodeFeature string

	// To seal.
	Chain, Key []string
	Algorithm  jose.SignatureAlgorithm
	Cluster    string
	IssuedAt   int64
	Labels     []string
	Annotation []string

	// To verify.
	Bundles     map[string][]string
	Policy      policy
	Now         time.Time
	Accepted    *mark
	NodeCreated *time.Time
}

type sealAnswer struct {
	Verdict     string `json:"verdict"`
	Reason      string `json:"reason,omitempty"`
	SpiffeID    string `json:"spiffeId,omitempty"`
	Digest      string `json:"digest,omitempty"`
	NodeFeature string `json:"nodeFeature,omitempty"`
}

func answerSeal(request *sealRequest) sealAnswer {
	judge := verify
	if request.Operation == "seal" {
		judge = seal
	}
	answer, err := judge(request)
	if err != nil {
		return sealAnswer{Verdict: "refuse", Reason: err.Error()}
	}
	answer.Verdict = "accept"
	return answer
}

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

// verify is the section "Verification".
func verify(request *sealRequest) (sealAnswer, error) {
	none := sealAnswer{}
	if mark := request.Accepted; mark != nil && mark.IssuedAt > request.Now.UnixMilli()+maxAge {
		request.Accepted = nil
	}
	found, _, err := parseObject(request.NodeFeature) // step 1
	if err != nil {
		return none, err
	}
	entry, err := request.Policy.entryFor(found.namespace)
	if err != nil {
		return none, err
	}

	text, _ := found.annotations[sealAnnotation].(string) // step 2
	head, err := parseSeal(text)
	if err != nil {
		return none, err
	}
	if head.Cluster != request.Policy.Cluster {
		return none, errors.New("sealed for another cluster")
	}
	node, _ := found.labels[nodeNameLabel].(string)
	if len(node) > 63 || !nodeName.MatchString(node) {
		return none, errors.New("no node name")
	}
	payload, err := found.payload(head.Labels, head.Annotations)
	if err != nil {
		return none, err
	}
	sum := sha256.Sum256(payload)
	digest := base64URL.EncodeToString(sum[:])

	chain, err := decodeChain(head.Chain) // step 3
	if err != nil {
		return none, err
	}
	id, err := checkLeaf(chain)
	if err != nil {
		return none, err
	}
	algorithms := algorithmsOf(chain[0])
	if !slices.Contains(algorithms, jose.SignatureAlgorithm(head.Algorithm)) {
		return none, errors.New("alg is not the key's")
	}

	now, leaf := request.Now.UnixMilli(), chain[0] // step 4
	issuedAt, _ := strconv.ParseInt(string(head.IssuedAt), 10, 64)
	nothingNew := request.Now.After(leaf.NotAfter) && request.Accepted != nil && request.Accepted.Digest == digest
	if !nothingNew {
		if err := checkPath(chain, request.Bundles[id.TrustDomain().Name()], id.TrustDomain(), request.Now); err != nil {
			return none, err
		}
		if issuedAt < leaf.NotBefore.UnixMilli()-skew || issuedAt > leaf.NotAfter.UnixMilli() {
			return none, errors.New("iat is outside of the leaf's validity")
		}
	}

	parsed, err := jose.ParseDetached(text, payload, algorithms) // step 5
	if err != nil {
		return none, err
	}
	if err := parsed.DetachedVerify(payload, leaf.PublicKey); err != nil {
		return none, err
	}
	if err := entry.authorize(request.Policy.Cluster, id.String(), node, found); err != nil { // step 6
		return none, err
	}
	if err := checkFreshness(issuedAt, digest, now, request); err != nil { // step 7
		return none, err
	}
	return sealAnswer{SpiffeID: id.String(), Digest: digest}, nil
}

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

// seal is the section "Signing".
func seal(request *sealRequest) (sealAnswer, error) {
	none := sealAnswer{}
	found, all, err := parseObject(request.NodeFeature)
	if err != nil {
		return none, err
	}
	payload, err := found.payload(request.Labels, request.Annotation)
	if err != nil {
		return none, err
	}
	key, err := parseKey(request.Key)
	if err != nil {
		return none, err
	}
	options := (&jose.SignerOptions{}).WithType(sealType)
	options.WithHeader("x5c", request.Chain).WithHeader("iat", request.IssuedAt)
	options.WithHeader(clusterClaim, request.Cluster)
	options.WithHeader("labels", request.Labels).WithHeader("annotations", request.Annotation)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: request.Algorithm, Key: key}, options)
	if err != nil {
		return none, err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return none, err
	}
	compact, err := signed.DetachedCompactSerialize()
	if err != nil {
		return none, err
	}
	metadata := all["metadata"].(map[string]any)
	annotations, ok := metadata["annotations"].(map[string]any)
	if !ok {
		annotations = map[string]any{}
		metadata["annotations"] = annotations
	}
	annotations[sealAnnotation] = compact
	text, err := json.Marshal(all)
	return sealAnswer{NodeFeature: string(text)}, err
}

func parseKey(base64PKCS8 []string) (any, error) {
	if len(base64PKCS8) != 1 {
		return nil, errors.New("one key is needed")
	}
	der, err := base64.StdEncoding.DecodeString(base64PKCS8[0])
	if err != nil {
		return nil, err
	}
	return x509.ParsePKCS8PrivateKey(der)
}
