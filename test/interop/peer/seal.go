package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	jose "github.com/go-jose/go-jose/v4"
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
