"""Without Vulkan, without a device, with another device than there is."""
import json

import results
import runner
from runner import ASK, DEVICE, Case


class NoLoader(Case):
    """A library of that name is found first, but it is none."""

    def test_loader_that_cannot_be_opened(self):
        self.write("libvulkan.so.1", b"no library\n" * 1000)
        env = {"LD_LIBRARY_PATH": self.files}
        for command in ((*ASK, "-p", "hi"), ("devices",), ("devices", "--json")):
            self.refuse(DEVICE, ("libvulkan", "install"), *command, env=env)

    def test_what_needs_no_device_works(self):
        self.write("libvulkan.so.1", b"no library\n" * 1000)
        env = {"LD_LIBRARY_PATH": self.files}
        self.succeed("inspect", "tokens", "-m", runner.LM, "-p", "hi", env=env)
        self.succeed("inspect", "model", "-m", runner.LM, env=env)
        self.succeed("models", env=env)


class NoDriver(Case):
    def test_no_driver(self):
        for name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES"):
            env = {"VK_DRIVER_FILES": None, "VK_ICD_FILENAMES": None, name: "/nonexistent"}
            for command in ((*ASK, "-p", "hi"), ("devices",)):
                self.refuse(DEVICE, "mesa-vulkan-drivers", *command, env=env)


class WhichDevice(Case):
    def test_number_out_of_range(self):
        for number in ("99", "18446744073709551616"):
            for command in ((*ASK, "-p", "hi"),
                            ("inspect", "logits", "-m", runner.LM, "-p", "hi", "-o", "x.f32")):
                self.refuse(DEVICE, (number, "pumice devices"), *command, "--device", number)

    def test_unknown_name(self):
        self.refuse(DEVICE, ("nosuchname", "pumice devices"), *ASK, "-p", "hi", "--device",
                    "nosuchname")

    def test_by_number_and_by_name(self):
        devices = json.loads(self.succeed("devices", "--json").out)["devices"]
        usable = next(d for d in devices if d["usable"])
        for choice in (str(usable["index"]), usable["name"][:8].upper()):
            answer = self.succeed(*ASK, "-p", "hi", "--json", "--device", choice).json()
            self.assertIn(usable["name"][:8], answer["device"])


if __name__ == "__main__":
    results.main()
