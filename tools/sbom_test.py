# SPDX-License-Identifier: Apache-2.0
import unittest

import sbom

LDD = ("\tlinux-vdso.so.1 (0x1)\n\tlibuv.so.1 => /lib/x/libuv.so.1 (0x2)\n"
       "\t/lib64/ld-linux-x86-64.so.2 (0x3)\n")
NINJA = ("build other: c_LINKER a.o | /t/.deps/d/usr/lib/libother.a\n LINK_ARGS = x\n\n"
         "build galen: c_LINKER a.o | /t/.deps/d/usr/lib/liba.a\n"
         " LINK_ARGS = -lz /t/.deps/d/usr/lib/liba.a\n\n")


class SbomTest(unittest.TestCase):
    def test_the_kernels_own_is_no_library(self):
        self.assertEqual(sbom.libraries_in(LDD), ["/lib/x/libuv.so.1", "/lib64/ld-linux-x86-64.so.2"])

    def test_what_is_linked_into_galen_counts_and_no_other(self):
        self.assertEqual(sbom.archives_in(NINJA), ["/t/.deps/d/usr/lib/liba.a"])

    def test_a_licence_that_nobody_looked_up_is_refused(self):
        with self.assertRaisesRegex(sbom.Unknown, "licence of libnew1"):
            sbom.component_of(("libnew1", "1", "amd64", "debian-12"), {"libnew.so.1"})

    def test_a_file_of_no_package_is_refused(self):
        with self.assertRaisesRegex(sbom.Unknown, "no Debian package"):
            sbom.package_of("/nonexistent/libx.so.1")

    def test_a_diversion_is_no_package(self):
        said = ("diversion by libc6 from: /lib64/ld-linux-x86-64.so.2\n"
                "diversion by libc6 to: /lib64/ld-linux-x86-64.so.2.usr-is-merged\n"
                "libc6:amd64, libc6-x32: /usr/lib64/ld-linux-x86-64.so.2\n")
        self.assertEqual(sbom.owner_in(said), "libc6:amd64")
        self.assertIsNone(sbom.owner_in(said.splitlines()[0]))

    def test_a_version_is_quoted_in_the_url(self):
        found = sbom.component_of(("libuv1t64", "1:2+b~3", "amd64", "debian-13"), {"libuv.so.1"})
        self.assertEqual(found["purl"],
                         "pkg:deb/debian/libuv1t64@1%3A2%2Bb~3?arch=amd64&distro=debian-13")

    def test_the_same_content_has_the_same_name_and_another_has_not(self):
        one = sbom.document("1", [])["serialNumber"]
        self.assertEqual(one, sbom.document("1", [])["serialNumber"])
        self.assertNotEqual(one, sbom.document("2", [])["serialNumber"])

    def test_what_is_unpacked_is_pinned(self):
        self.assertLessEqual(set(sbom.UNPACKED.values()), set(sbom.pins()))


if __name__ == "__main__":
    unittest.main()
