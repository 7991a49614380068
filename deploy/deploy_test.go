package deploy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// These tests check the files for Docker without running Docker, because containers are not available everywhere.

func read(t *testing.T, name string, into any) {
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, into), name)
}

type compose struct {
	Services map[string]struct {
		Image     string
		Command   []string
		Volumes   []string
		Ports     []string
		DependsOn map[string]any `yaml:"depends_on"`
		Build     struct{ Context, Dockerfile string }
	}
	Volumes map[string]any
}

func TestEachFileIsYAML(t *testing.T) {
	for _, pattern := range []string{"*.yaml", "provisioning/*.yaml"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, names)
		for _, name := range names {
			var v map[string]any
			read(t, name, &v)
			require.NotEmpty(t, v, name)
		}
	}
}

func TestComposeNamesWhatIsThere(t *testing.T) {
	var c compose
	read(t, "compose.yaml", &c)
	require.Len(t, c.Services, 8)
	for name, s := range c.Services {
		require.NotEmpty(t, s.Image, name)
		for _, v := range s.Volumes {
			from, _, found := strings.Cut(v, ":")
			require.True(t, found, v)
			if strings.HasPrefix(from, ".") {
				_, err := os.Stat(from)
				require.NoError(t, err, "%s mounts it", name)
			} else {
				require.Contains(t, c.Volumes, from, name)
			}
		}
		for on := range s.DependsOn {
			require.Contains(t, c.Services, on, name)
		}
		for _, p := range s.Ports {
			require.True(t, strings.HasPrefix(p, "127.0.0.1:"), "%s publishes %s beyond this machine", name, p)
		}
		if s.Build.Dockerfile != "" {
			require.FileExists(t, filepath.Join(s.Build.Context, s.Build.Dockerfile), name)
			require.FileExists(t, filepath.Join(s.Build.Context, "go.mod"), name)
		}
	}
	for _, instance := range []string{"hongbao-1", "hongbao-2", "hongbao-3"} {
		require.Equal(t, []string{"serve", "--config", "/etc/hongbao.yaml", "--instance", instance}, c.Services[instance].Command)
	}
}

func TestPrometheusScrapesEachInstance(t *testing.T) {
	var c compose
	read(t, "compose.yaml", &c)
	var p struct {
		ScrapeConfigs []struct {
			StaticConfigs []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	read(t, "prometheus.yaml", &p)
	var service struct{ Debug string }
	read(t, "hongbao.yaml", &service)
	_, port, found := strings.Cut(service.Debug, ":")
	require.True(t, found)
	var want []string
	for name, s := range c.Services {
		if slices.Contains(s.Command, "serve") {
			want = append(want, name+":"+port)
		}
	}
	require.ElementsMatch(t, want, p.ScrapeConfigs[0].StaticConfigs[0].Targets)
}
