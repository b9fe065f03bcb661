# SPDX-License-Identifier: MIT
#
# The manual and the completions of three shells, made from the option table by a program of this machine.
#   make doc        build/nsinit.8, build/completions/     make doc-lint   what their readers say of them

DOC_CC = gcc
DOC_CFLAGS = -std=gnu11 -O1 $(WARNINGS)
DOC_OUTPUTS = $(B)/nsinit.8 $(B)/completions/nsinit.bash $(B)/completions/_nsinit $(B)/completions/nsinit.fish \
	$(B)/nsctl.8 $(B)/completions/nsctl.bash $(B)/completions/_nsctl $(B)/completions/nsctl.fish
# The table's parsers come from here, as far as they are called.
DOC_OBJECTS = $(patsubst %.c,$(B)/doc/%.o,$(filter-out init/main.c,$(SOURCES)))

.PHONY: doc doc-lint
.DELETE_ON_ERROR:
doc: $(DOC_OUTPUTS)

$(B)/doc/%.o: %.c $(wildcard include/*.h) $(B)/version.h
	@mkdir -p $(@D)
	@$(DOC_CC) -D_GNU_SOURCE -Iinclude -I$(B) $(DOC_CFLAGS) -c -o $@ $<

$(B)/doc/table.a: $(DOC_OBJECTS)
	@rm -f $@
	@ar rcs $@ $(DOC_OBJECTS)

$(B)/doc/generate $(B)/doc/nsctl: $(B)/doc/%: $(B)/doc/doc/%.o $(B)/doc/table.a
	@$(DOC_CC) -o $@ $^

$(B)/doc/options.8: $(B)/doc/generate
	@$< man > $@

$(B)/doc/directives.8: $(B)/doc/generate
	@$< directives > $@

$(B)/nsinit.8: doc/nsinit.8.in $(B)/doc/options.8 $(B)/doc/directives.8 Makefile
	@sed -e '/^@OPTIONS@$$/{r $(B)/doc/options.8' -e 'd;}' -e '/^@DIRECTIVES@$$/{r $(B)/doc/directives.8' -e 'd;}' -e 's/@VERSION@/$(VERSION)/' doc/nsinit.8.in > $@

$(B)/completions/nsinit.bash: $(B)/doc/generate
	@mkdir -p $(@D)
	@$< bash > $@

$(B)/completions/_nsinit: $(B)/doc/generate
	@mkdir -p $(@D)
	@$< zsh > $@

$(B)/completions/nsinit.fish: $(B)/doc/generate
	@mkdir -p $(@D)
	@$< fish > $@

$(B)/doc/verbs.8: $(B)/doc/nsctl
	@$< man > $@

$(B)/nsctl.8: doc/nsctl.8.in $(B)/doc/verbs.8 Makefile
	@sed -e '/^@VERBS@$$/{r $(B)/doc/verbs.8' -e 'd;}' -e 's/@VERSION@/$(VERSION)/' doc/nsctl.8.in > $@

$(B)/completions/nsctl.bash $(B)/completions/nsctl.fish: $(B)/completions/nsctl.%: $(B)/doc/nsctl
	@mkdir -p $(@D)
	@$< $* > $@

$(B)/completions/_nsctl: $(B)/doc/nsctl
	@mkdir -p $(@D)
	@$< zsh > $@

# A shell that is not installed cannot be asked; what is skipped is said.
doc-lint: $(DOC_OUTPUTS)
	@mandoc -Tlint -W warning $(B)/nsinit.8 $(B)/nsctl.8
	@for bash in $(B)/completions/*.bash; do bash -n $$bash || exit; done
	@if command -v shellcheck >/dev/null; then shellcheck -s bash $(B)/completions/*.bash; \
	else echo 'doc-lint: no shellcheck, nsinit.bash and nsctl.bash only parsed'; fi
	@if command -v zsh >/dev/null; then for zsh in $(B)/completions/_*; do zsh -n $$zsh || exit; done; \
	else echo 'doc-lint: no zsh, _nsinit and _nsctl not checked'; fi
	@if command -v fish >/dev/null; then for fish in $(B)/completions/*.fish; do fish -n $$fish || exit; done; \
	else echo 'doc-lint: no fish, nsinit.fish and nsctl.fish not checked'; fi
