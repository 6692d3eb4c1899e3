package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type svidJSON struct {
	SpiffeID string   `json:"spiffeId"`
	Hint     string   `json:"hint"`
	Chain    []string `json:"chain"`
	// Key is PKCS#8; only test keys come here.
	Key    string `json:"key"`
	Bundle string `json:"bundle,omitempty"`
}

type contextJSON struct {
	Svids   []svidJSON          `json:"svids"`
	Bundles map[string][]string `json:"bundles"`
}

// fetch prints the X.509 context and the bundles that an address gives to go-spiffe's client.
func fetch(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client, err := workloadapi.New(ctx, workloadapi.WithAddr(address))
	if err != nil {
		return err
	}
	defer client.Close()
	found, err := client.FetchX509Context(ctx)
	if err != nil {
		return err
	}
	told := contextJSON{Bundles: map[string][]string{}}
	for _, svid := range found.SVIDs {
		_, key, err := svid.MarshalRaw()
		if err != nil {
			return err
		}
		told.Svids = append(told.Svids, svidJSON{
			SpiffeID: svid.ID.String(), Hint: svid.Hint, Chain: texts(svid.Certificates),
			Key: base64.StdEncoding.EncodeToString(key),
		})
	}
	bundles, err := client.FetchX509Bundles(ctx)
	if err != nil {
		return err
	}
	for _, bundle := range bundles.Bundles() {
		told.Bundles[bundle.TrustDomain().Name()] = texts(bundle.X509Authorities())
	}
	return json.NewEncoder(os.Stdout).Encode(told)
}

func texts(certificates []*x509.Certificate) []string {
	all := []string{}
	for _, certificate := range certificates {
		all = append(all, base64.StdEncoding.EncodeToString(certificate.Raw))
	}
	return all
}

// server tells every stream the newest state, and again after each change.
type server struct {
	workload.UnimplementedSpiffeWorkloadAPIServer
	mutex   sync.Mutex
	state   *contextJSON
	changed chan struct{}
}

// serve reads states, one a line, and prints "serving" once it listens.
func serve(address string) error {
	listener, err := net.Listen("unix", strings.TrimPrefix(address, "unix://"))
	if err != nil {
		return err
	}
	api := &server{changed: make(chan struct{})}
	running := grpc.NewServer()
	workload.RegisterSpiffeWorkloadAPIServer(running, api)
	failed := make(chan error, 1)
	go func() { failed <- running.Serve(listener) }()
	fmt.Println("serving")

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 32<<20)
	for lines.Scan() {
		state := &contextJSON{}
		if err := json.Unmarshal(lines.Bytes(), state); err != nil {
			return err
		}
		api.mutex.Lock()
		api.state = state
		close(api.changed)
		api.changed = make(chan struct{})
		api.mutex.Unlock()
	}
	running.Stop()
	return <-failed
}

func (s *server) now() (*contextJSON, <-chan struct{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.state, s.changed
}

func (s *server) FetchX509SVID(_ *workload.X509SVIDRequest, stream workload.SpiffeWorkloadAPI_FetchX509SVIDServer) error {
	return s.stream(stream.Context(), func(state *contextJSON) error {
		if len(state.Svids) == 0 {
			return status.Error(codes.PermissionDenied, "no identity issued")
		}
		response := &workload.X509SVIDResponse{FederatedBundles: map[string][]byte{}}
		for _, svid := range state.Svids {
			response.Svids = append(response.Svids, &workload.X509SVID{
				SpiffeId: svid.SpiffeID, Hint: svid.Hint,
				X509Svid: decode(svid.Chain...), X509SvidKey: decode(svid.Key), Bundle: decode(svid.Bundle),
			})
		}
		for domain, bundle := range state.Bundles {
			response.FederatedBundles[domain] = decode(bundle...)
		}
		return stream.Send(response)
	})
}

func (s *server) FetchX509Bundles(_ *workload.X509BundlesRequest, stream workload.SpiffeWorkloadAPI_FetchX509BundlesServer) error {
	return s.stream(stream.Context(), func(state *contextJSON) error {
		response := &workload.X509BundlesResponse{Bundles: map[string][]byte{}}
		for domain, bundle := range state.Bundles {
			response.Bundles[domain] = decode(bundle...)
		}
		return stream.Send(response)
	})
}

func (s *server) stream(ctx context.Context, tell func(*contextJSON) error) error {
	header, _ := metadata.FromIncomingContext(ctx)
	if values := header.Get("workload.spiffe.io"); len(values) != 1 || values[0] != "true" {
		return status.Error(codes.InvalidArgument, "security header missing from request")
	}
	for {
		state, changed := s.now()
		if state != nil {
			if err := tell(state); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

func decode(all ...string) []byte {
	var joined []byte
	for _, text := range all {
		// What is not base64 is sent as nothing, which no client takes for something.
		der, _ := base64.StdEncoding.DecodeString(text)
		joined = append(joined, der...)
	}
	return joined
}
