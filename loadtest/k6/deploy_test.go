package k6

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// testRun is the part of a TestRun that these tests check. Nothing here runs Kubernetes, which is not available everywhere.
type testRun struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		Parallelism int
		Separate    bool
		Script      struct {
			LocalFile string `yaml:"localFile"`
		}
		Arguments   string
		Initializer struct{ Image string }
		Runner      struct {
			Image           string
			Resources       map[string]any
			SecurityContext map[string]any `yaml:"securityContext"`
			Volumes         []struct {
				Name   string
				Secret struct {
					SecretName  string `yaml:"secretName"`
					DefaultMode string `yaml:"defaultMode"`
				}
			}
			VolumeMounts []struct {
				Name      string
				MountPath string `yaml:"mountPath"`
				ReadOnly  bool   `yaml:"readOnly"`
			} `yaml:"volumeMounts"`
		}
	}
}

// TestManifest: the TestRun names files of the image and mounts the files that the script reads.
func TestManifest(t *testing.T) {
	text, err := os.ReadFile("deploy/k6-operator.yaml")
	require.NoError(t, err)
	var r testRun
	require.NoError(t, yaml.UnmarshalWithOptions(text, &r, yaml.Strict()), "a misspelt name is refused")
	require.Equal(t, "k6.io/v1alpha1 TestRun", r.APIVersion+" "+r.Kind)
	require.Greater(t, r.Spec.Parallelism, 1)
	require.Equal(t, r.Spec.Initializer.Image, r.Spec.Runner.Image, "both load the extension")

	inImage := func(name string) {
		from, found := strings.CutPrefix(name, "/hongbao/scenarios/")
		if found {
			require.FileExists(t, filepath.Join("../../scenarios", from))
			return
		}
		from, found = strings.CutPrefix(name, "/hongbao/scripts/")
		require.True(t, found, name)
		require.FileExists(t, filepath.Join("scripts", from))
	}
	inImage(r.Spec.Script.LocalFile)
	env := map[string]string{}
	for _, word := range strings.Fields(r.Spec.Arguments) {
		if name, value, ok := strings.Cut(word, "="); ok {
			env[name] = value
		} else {
			require.Equal(t, "-e", word)
		}
	}
	inImage(env["SCENARIO"])
	require.Len(t, r.Spec.Runner.Volumes, 1)
	require.Len(t, r.Spec.Runner.VolumeMounts, 1)
	mount := r.Spec.Runner.VolumeMounts[0]
	require.Equal(t, r.Spec.Runner.Volumes[0].Name, mount.Name)
	require.True(t, mount.ReadOnly)
	require.Equal(t, filepath.Join(mount.MountPath, "keys.json"), env["KEYS"], "the keys are where the script reads them")
	require.NotEmpty(t, env["SEED"], "without a common seed each runner would use other people")
	script, err := os.ReadFile("scripts/festival.js")
	require.NoError(t, err)
	for name := range env {
		require.Contains(t, string(script), "env."+name, "the scripts read it")
	}
	docker, err := os.ReadFile("deploy/Dockerfile")
	require.NoError(t, err)
	require.Contains(t, string(docker), "COPY loadtest/k6/scripts /hongbao/scripts")
	require.Contains(t, string(docker), "COPY scenarios /hongbao/scenarios")
}

// TestArchive: a script can be loaded without keys and service, as k6-operator's initializer does.
func TestArchive(t *testing.T) {
	_, k6 := build(t)
	archive := filepath.Join(t.TempDir(), "rain.tar")
	out, err := exec.CommandContext(t.Context(), k6, "archive", "-O", archive, "-e", "SCENARIO="+scenarioFile, "-e", "KEYS=/nowhere", "-e", "SEED=1", "scripts/rain.js").CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.CommandContext(t.Context(), k6, "inspect", "--execution-requirements", archive).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "ramping-arrival-rate")
}
