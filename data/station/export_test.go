package station

import "wardbook/data/vault/keyfile"

// UseFolder puts a folder of key files in place that a test lets fail.
func (st *Station) UseFolder(f *keyfile.Folder) { st.folder = f }
