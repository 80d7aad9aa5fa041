// Reads what little of an OCI image's JSON is needed to find its layers. Pure functions over text.
// OCI image specification 1.0, image-layout.md and manifest.md.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define OCI_DIGEST_HEX 64

// The |nth| "digest" of the array called |array| at the top level of the JSON object |text|
// ("manifests" of an index, "layers" of a manifest): its 64 hexadecimal digits. False: there is
// none, it is not a sha256, or the text is no JSON that is understood.
bool oci_digest(const char *text, size_t bytes, const char *array, unsigned nth,
		char hex[OCI_DIGEST_HEX + 1]);
