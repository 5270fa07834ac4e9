package review

import (
	"context"
	_ "embed"
	"net/http"
)

// openAPI describes the API for programs that generate clients.
//
//go:embed openapi.yaml
var openAPI []byte

// apiDescription serves the description of the API.
func (s *site) apiDescription(context.Context, *http.Request) (*answer, error) {
	return &answer{status: http.StatusOK, contentType: "application/yaml", body: openAPI}, nil
}
