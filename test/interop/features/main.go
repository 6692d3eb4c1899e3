// Command features is the other opinion on what our plugins find: that of node-feature-discovery's own sources, and of the
// library that names its CPUID flags.
//
//	features SOURCE ...     features and labels below the folder that it is started in, as one JSON object by source
//	features cpuid          flags of the processors that are described on standard input, see cpuid.go
//
// The sources cpu and kernel read some files of the machine itself, whatever the folder.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	nfdv1alpha1 "sigs.k8s.io/node-feature-discovery/api/nfd/v1alpha1"
	"sigs.k8s.io/node-feature-discovery/source"
	_ "sigs.k8s.io/node-feature-discovery/source/cpu"
	_ "sigs.k8s.io/node-feature-discovery/source/fake"
	_ "sigs.k8s.io/node-feature-discovery/source/kernel"
	_ "sigs.k8s.io/node-feature-discovery/source/local"
	_ "sigs.k8s.io/node-feature-discovery/source/memory"
	_ "sigs.k8s.io/node-feature-discovery/source/network"
	_ "sigs.k8s.io/node-feature-discovery/source/pci"
	_ "sigs.k8s.io/node-feature-discovery/source/storage"
	_ "sigs.k8s.io/node-feature-discovery/source/system"
	_ "sigs.k8s.io/node-feature-discovery/source/usb"
)

// found is what one source gives; labels are without a prefix, values as text.
type found struct {
	Features *nfdv1alpha1.Features `json:"features"`
	Labels   map[string]string     `json:"labels"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "cpuid" {
		check(judgeProcessors(os.Stdin, os.Stdout))
		return
	}
	result := map[string]found{}
	for _, name := range os.Args[1:] {
		// As in NFD itself: a source that fails gives nothing.
		if one, err := discover(name); err == nil {
			result[name] = one
		} else {
			fmt.Fprintf(os.Stderr, "features: %s: %v\n", name, err)
		}
	}
	check(json.NewEncoder(os.Stdout).Encode(result))
}

func discover(name string) (found, error) {
	features, labels := source.GetFeatureSource(name), source.GetLabelSource(name)
	if features == nil || labels == nil {
		return found{}, fmt.Errorf("there is no such source")
	}
	if configurable := source.GetConfigurableSource(name); configurable != nil {
		configurable.SetConfig(configurable.NewConfig())
	}
	if err := features.Discover(); err != nil {
		return found{}, err
	}
	values, err := labels.GetLabels()
	if err != nil {
		return found{}, err
	}
	texts := make(map[string]string, len(values))
	for key, value := range values {
		texts[key] = fmt.Sprintf("%v", value)
	}
	return found{Features: features.GetFeatures(), Labels: texts}, nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "features:", err)
		os.Exit(1)
	}
}
