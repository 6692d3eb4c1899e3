package main

import (
	"errors"
	"fmt"
	"strings"
)

type policy struct {
	Cluster string  `json:"cluster"`
	Signers []entry `json:"signers"`
}

type entry struct {
	SpiffeIDs []string `json:"spiffeIDs"`
	Namespace string   `json:"namespace"`
	Features  []string `json:"features"`
	Labels    []string `json:"labels"`
}

type mark struct {
	IssuedAt int64  `json:"iat"`
	Digest   string `json:"digest"`
}

func (p policy) entryFor(namespace string) (*entry, error) {
	for i := range p.Signers {
		if p.Signers[i].Namespace == namespace {
			return &p.Signers[i], nil
		}
	}
	return nil, fmt.Errorf("no entry names namespace %q", namespace)
}

// authorize is step 6.
func (e *entry) authorize(cluster, id, node string, claimed *object) error {
	template, ok := e.templateFor(cluster, id, node)
	if !ok {
		return fmt.Errorf("%s may not speak for %s", id, node)
	}
	if claimed.name != node {
		return errors.New("not named as its node")
	}
	features, _ := claimed.spec["features"].(map[string]any)
	for _, kind := range features {
		for name := range kind.(map[string]any) {
			lower := strings.ToLower(name)
			if strings.HasPrefix(lower, "rule.") || lower == "system.name" && !strings.Contains(template, "{node}") {
				return fmt.Errorf("feature %q is reserved", name)
			}
			if !isGranted(name, ".", e.Features) {
				return fmt.Errorf("feature %q is not granted", name)
			}
		}
	}
	labels, _ := claimed.spec["labels"].(map[string]any)
	for name := range labels {
		if !strings.Contains(name, "/") {
			name = "feature.node.kubernetes.io/" + name
		}
		if !isGranted(name, "/", e.Labels) {
			return fmt.Errorf("label %q is not granted", name)
		}
	}
	return nil
}

func (e *entry) templateFor(cluster, id, node string) (string, bool) {
	for _, template := range e.SpiffeIDs {
		segments := strings.Split(template, "/")
		for i, segment := range segments {
			switch segment {
			case "{cluster}":
				segments[i] = cluster
			case "{node}":
				segments[i] = node
			}
		}
		if strings.Join(segments, "/") == id {
			return template, true
		}
	}
	return "", false
}

func isGranted(name, separator string, grants []string) bool {
	for _, grant := range grants {
		prefix, isPrefix := strings.CutSuffix(grant, separator+"*")
		if grant == "*" || grant == name || isPrefix && strings.HasPrefix(name, prefix+separator) && len(name) > len(grant)-1 {
			return true
		}
	}
	return false
}

// checkFreshness is step 7.
func checkFreshness(issuedAt int64, digest string, now int64, request *sealRequest) error {
	accepted, created := request.Accepted, request.NodeCreated
	switch {
	case issuedAt > now+skew:
		return errors.New("from the future")
	case accepted == nil:
		if created != nil && issuedAt < created.UnixMilli()-skew {
			return errors.New("older than the Node")
		}
	case issuedAt < accepted.IssuedAt:
		return errors.New("replayed")
	case issuedAt == accepted.IssuedAt && accepted.Digest != "" && accepted.Digest != digest:
		return errors.New("conflicting")
	}
	return nil
}
