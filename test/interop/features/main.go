// Command features prints, as JSON, the features and labels that the sources of node-feature-discovery find: the
// other opinion in our tests. Its sources read below a folder that is fixed when the program is linked, so that build.sh
// links it to the folder that it is started in:
//
//	cd test/fixtures/hosts/gpu-server && features memory network pci
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
	result := map[string]found{}
	for _, name := range os.Args[1:] {
		one, err := discover(name)
		if err != nil {
			fmt.Fprintf(os.Stderr, "features: %s: %v\n", name, err)
			continue
		}
		result[name] = one
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintln(os.Stderr, "features:", err)
		os.Exit(1)
	}
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
