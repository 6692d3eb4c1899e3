package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

const (
	apiVersion      = "nfd.k8s-sigs.io/v1alpha1"
	kind            = "NodeFeature"
	sealAnnotation  = "featureseal.io/signature"
	nodeNameLabel   = "nfd.node.kubernetes.io/node-name"
	maxPayloadBytes = 1_572_864
)

// object is a parsed NodeFeature; values of metadata are only looked at where they are covered.
type object struct {
	name, namespace     string
	labels, annotations map[string]any
	spec                map[string]any
}

// parseObject is step 1 of docs/seal.md. encoding/json takes a lone surrogate for U+FFFD, so those are looked for first.
func parseObject(text string) (*object, map[string]any, error) {
	if hasLoneSurrogate(text) || !utf8.ValidString(text) {
		return nil, nil, errors.New("ill-formed Unicode")
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var all map[string]any
	if err := decoder.Decode(&all); err != nil {
		return nil, nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, nil, errors.New("text after the object")
	}
	if all["apiVersion"] != apiVersion || all["kind"] != kind {
		return nil, nil, errors.New("not a NodeFeature")
	}
	metadata, ok := all["metadata"].(map[string]any)
	if !ok {
		return nil, nil, errors.New("no metadata")
	}
	found := &object{}
	found.name, _ = metadata["name"].(string)
	found.namespace, _ = metadata["namespace"].(string)
	found.labels, _ = metadata["labels"].(map[string]any)
	found.annotations, _ = metadata["annotations"].(map[string]any)
	found.spec, ok = all["spec"].(map[string]any)
	if !ok || found.name == "" || found.namespace == "" {
		return nil, nil, errors.New("no name, namespace or spec")
	}
	return found, all, checkSpec(found.spec)
}

// hasLoneSurrogate looks for \uD800 to \uDFFF that are not in pairs.
func hasLoneSurrogate(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		unit, ok := escapedUnit(text[i:])
		i++
		if !ok || unit < 0xd800 || unit > 0xdfff {
			continue
		}
		low, paired := escapedUnit(text[min(i+5, len(text)):])
		if unit >= 0xdc00 || !paired || low < 0xdc00 || low > 0xdfff {
			return true
		}
		i += 10
	}
	return false
}

func escapedUnit(text string) (unit int, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	_, err := fmt.Sscanf(text[2:6], "%04x", &unit)
	return unit, err == nil
}

// check judges one value of the payload's schema.
type check func(any) error

var errSchema = errors.New("spec is outside of the schema")

func isText(value any) error {
	if _, ok := value.(string); !ok {
		return errSchema
	}
	return nil
}

func mapOf(member check) check {
	return func(value any) error {
		members, ok := value.(map[string]any)
		if !ok {
			return errSchema
		}
		for _, each := range members {
			if err := member(each); err != nil {
				return err
			}
		}
		return nil
	}
}

func listOf(element check) check {
	return func(value any) error {
		elements, ok := value.([]any)
		if !ok {
			return errSchema
		}
		for _, each := range elements {
			if err := element(each); err != nil {
				return err
			}
		}
		return nil
	}
}

// members takes exactly the named ones; with required, all of them.
func members(required bool, checks map[string]check) check {
	return func(value any) error {
		found, ok := value.(map[string]any)
		if !ok || required && len(found) != len(checks) {
			return errSchema
		}
		for key, each := range found {
			judge, known := checks[key]
			if !known {
				return errSchema
			}
			if err := judge(each); err != nil {
				return err
			}
		}
		return nil
	}
}

func featureSet(elements check) check {
	return mapOf(members(true, map[string]check{"elements": elements}))
}

var checkSpec = members(false, map[string]check{
	"labels": mapOf(isText),
	"features": members(false, map[string]check{
		"flags":      featureSet(mapOf(members(true, nil))),
		"attributes": featureSet(mapOf(isText)),
		"instances":  featureSet(listOf(members(true, map[string]check{"attributes": mapOf(isText)}))),
	}),
})

// payload is the section of that name.
func (o *object) payload(labels, annotations []string) ([]byte, error) {
	coveredLabels, err := covered(o.labels, labels)
	if err != nil {
		return nil, err
	}
	coveredAnnotations, err := covered(o.annotations, annotations)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(map[string]any{
		"apiVersion": apiVersion,
		"kind":       kind,
		"metadata": map[string]any{
			"name": o.name, "namespace": o.namespace,
			"labels": coveredLabels, "annotations": coveredAnnotations,
		},
		"spec": o.spec,
	})
	if err != nil {
		return nil, err
	}
	canonical, err := jcs.Transform(text)
	if err == nil && len(canonical) > maxPayloadBytes {
		err = errors.New("payload too large")
	}
	return canonical, err
}

func covered(all map[string]any, keys []string) (map[string]string, error) {
	values := map[string]string{}
	for _, key := range keys {
		value, ok := all[key].(string)
		if !ok {
			return nil, fmt.Errorf("covered key %q is absent or no string", key)
		}
		values[key] = value
	}
	return values, nil
}
